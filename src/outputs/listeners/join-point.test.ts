import { describe, expect, it } from 'vitest';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import type { StreamFormat } from '../../core/fragment.ts';
import { FragmentBuffer } from '../../core/fragment-buffer.ts';
import { findJoinPoint } from './join-point.ts';

/** A buffer of 500 ms fragments with 10 frames of 160 bytes, one format each. */
function buffered(formats: StreamFormat[]) {
  const buffer = new FragmentBuffer({ keepMs: 60_000, maxBytes: 1e9 });
  const source = new FragmentSource();
  for (const format of formats)
    buffer.append(source.next({ format, ...(format.codec === 'opaque' ? { frameOffsets: [] } : {}) }));
  return buffer;
}

const mp3 = testFormat();
const place = ({ fragment, offset }: ReturnType<typeof findJoinPoint>) => [fragment.sequence, offset];

describe('findJoinPoint', () => {
  it('begins with the fragment in which the burst begins', () => {
    const buffer = buffered(Array(20).fill(mp3));
    expect(place(findJoinPoint(buffer, buffer.newest!, 3000))).toEqual([15, 0]);
    expect(place(findJoinPoint(buffer, buffer.newest!, 2700))).toEqual([15, 0]);
    expect(place(findJoinPoint(buffer, buffer.get(10)!, 1000))).toEqual([9, 0]);
    expect(place(findJoinPoint(buffer, buffer.newest!, 0))).toEqual([20, 0]);
  });

  it('begins with the oldest when the burst is longer than what is held', () => {
    const buffer = buffered(Array(4).fill(mp3));
    expect(place(findJoinPoint(buffer, buffer.newest!, 60_000))).toEqual([1, 0]);
  });

  it.each([
    ['another codec', testFormat({ codec: 'aac', contentType: 'audio/aac' }), 4],
    ['another rate', testFormat({ sampleRate: 48_000 }), 4],
    ['the same kind of sound', testFormat(), 1],
    ['another link of a chain', testFormat({ headers: Buffer.from('h') }), 1],
  ])('where the stream changed to %s', (_, format, first) => {
    const buffer = buffered([mp3, mp3, mp3, format, format]);
    expect(place(findJoinPoint(buffer, buffer.newest!, 60_000))[0]).toBe(first);
  });

  it('moves to an earlier frame that is preferred, headers counted, but not far', () => {
    const first = testFormat({ headers: Buffer.alloc(7) });
    const second = testFormat({ headers: Buffer.alloc(11) });
    const buffer = buffered([...Array(10).fill(first), ...Array(2).fill(second)]);
    const asked: number[] = [];
    const prefers = {
      any: () => undefined,
      interval: 4000,
      bytesToEnd: (bytes: number) => {
        asked.push(bytes);
        return bytes === 7 + 320 + 1600 + 1600 + 11 + 3200;
      },
    };
    // The burst of 2 s begins with fragment 9; the last but one frame of fragment 8 is liked.
    expect(place(findJoinPoint(buffer, buffer.newest!, 2000, prefers))).toEqual([8, 1280]);
    expect(place(findJoinPoint(buffer, buffer.newest!, 2000, { ...prefers, bytesToEnd: () => false }))).toEqual([9, 0]);
    expect(asked[0]).toBe(7 + 1600 + 1600 + 11 + 3200); // none that gives less than the burst
  });

  it('begins opaque bytes anywhere, so that the rest is what is asked for', () => {
    const opaque = testFormat({ codec: 'opaque' });
    const buffer = buffered(Array(20).fill(opaque));
    const prefers = { any: () => 123, interval: 4000, bytesToEnd: () => false };
    const { fragment, offset } = findJoinPoint(buffer, buffer.newest!, 3000, prefers);
    const bytes = (20 - fragment.sequence + 1) * 1600 - offset;
    expect(bytes % 4000).toBe(123);
    expect(bytes).toBeGreaterThanOrEqual(6 * 1600);
    expect(place(findJoinPoint(buffer, buffer.newest!, 3000, { ...prefers, any: () => undefined }))).toEqual([15, 0]);
  });
});
