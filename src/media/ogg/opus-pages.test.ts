import { describe, expect, it } from 'vitest';
import { OggFramer } from './ogg-framer.ts';
import { OpusPages } from './opus-pages.ts';

const options = { channels: 2, inputSampleRate: 44_100, vendor: 'test', serial: 7, packetsPerPage: 5 };
/** A packet of 20 ms (CELT, one frame). */
const packet = (bytes: number) => Buffer.alloc(bytes, 0xfc);

describe('OpusPages', () => {
  it.each([[60], [255], [510], [1200]])(
    'are read by the framer as they were written, with packets of %i bytes',
    (bytes) => {
      const pages = new OpusPages(options);
      const framer = new OggFramer();
      const frames = framer.push(pages.headers);
      for (let count = 0; count < 25; count++)
        frames.push(...framer.push(pages.push(packet(bytes), 960) ?? Buffer.alloc(0)));
      frames.push(...framer.push(pages.finish() ?? Buffer.alloc(0)), ...framer.flush());
      expect(framer.note).toBeUndefined();
      const [first] = frames;
      expect([first!.format.codec, first!.format.channels, first!.format.headers.equals(pages.headers)]).toEqual([
        'opus',
        2,
        true,
      ]);
      const durationUs = frames.reduce((sum, frame) => sum + frame.durationUs, 0);
      // The pre-skip of 6.5 ms is not heard.
      expect(durationUs).toBe(25 * 20_000 - 6500);
    },
  );
});
