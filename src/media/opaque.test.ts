import { describe, expect, it } from 'vitest';
import { OpaqueFramer } from './opaque.ts';

describe('OpaqueFramer', () => {
  it('passes each push on as one frame of unknown length, without a copy', () => {
    const framer = new OpaqueFramer({ contentType: 'video/webm', note: 'why' });
    const chunk = Buffer.from('bytes');
    const [frame, ...others] = framer.push(chunk);
    expect(others).toEqual([]);
    expect(frame!.data).toBe(chunk);
    expect(frame!.durationUs).toBe(0);
    expect(frame!.format).toMatchObject({ codec: 'opaque', contentType: 'video/webm', primeFrames: 0 });
    expect(framer.push(chunk)[0]!.format).toBe(frame!.format);
    expect(framer.push(Buffer.alloc(0))).toEqual([]);
    expect(framer.flush()).toEqual([]);
    expect(framer).toMatchObject({ note: 'why', skippedBytes: 0 });
  });
});
