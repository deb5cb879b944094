import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../../test/support/portions.ts';
import { IcySplitter } from './icy-splitter.ts';

interface Stream {
  readonly bytes: Buffer;
  /** Where each length byte stands. */
  readonly offsets: number[];
  /** For each byte of `bytes` whether it is audio. */
  readonly isAudio: boolean[];
}

/** A stream of counted audio with blocks of the given sizes in units of 16. */
function makeStream(icyint: number, units: readonly number[]): Stream {
  const parts: number[] = [];
  const offsets: number[] = [];
  const isAudio: boolean[] = [];
  for (const size of units) {
    for (let index = 0; index < icyint; index++) isAudio[parts.push(parts.length & 255) - 1] = true;
    offsets.push(parts.length);
    isAudio[parts.push(size) - 1] = false;
    for (let index = 0; index < size * 16; index++) isAudio[parts.push(0x54) - 1] = false;
  }
  return { bytes: Buffer.from(parts), offsets, isAudio };
}

function split(splitter: IcySplitter, portions: Iterable<Buffer>): { audio: Buffer; blocks: number[] } {
  const audio: Buffer[] = [];
  const blocks: number[] = [];
  for (const portion of portions) {
    splitter.push(portion, { audio: (data) => audio.push(data), block: (text) => blocks.push(text.length / 16) });
  }
  return { audio: Buffer.concat(audio), blocks };
}

const streams = fc
  .tuple(fc.integer({ min: 1, max: 90 }), fc.array(fc.constantFrom(0, 0, 1, 2, 5), { minLength: 1, maxLength: 12 }))
  .map(([icyint, units]) => ({ icyint, ...makeStream(icyint, units) }));

describe('an ICY splitter', () => {
  it('joins at any byte once it is told where the next length byte stands', () => {
    fc.assert(
      fc.property(streams, fc.nat(), fc.array(fc.integer({ min: 1, max: 60 })), (stream, place, sizes) => {
        const from = place % (stream.offsets.at(-1)! + 1);
        const rest = stream.bytes.subarray(from);
        const next = stream.offsets.find((offset) => offset >= from)!;
        const splitter = new IcySplitter(stream.icyint);
        expect(splitter.aligned).toBe(false);
        // Inside a block the distance is longer than the interval, so nothing of the text is taken for audio.
        expect(splitter.alignTo(next - from)).toBe(true);
        expect(splitter.offsetsIn(rest)).toEqual(stream.offsets.filter((at) => at >= from).map((at) => at - from));
        const wanted = rest.filter((_, index) => stream.isAudio[from + index]);
        expect(split(splitter, cut(rest, sizes)).audio.equals(wanted)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the blocks that are not empty', () => {
    const { bytes } = makeStream(10, [0, 3, 0, 255]);
    const splitter = new IcySplitter(10);
    splitter.alignTo(10);
    expect(split(splitter, cut(bytes, [7])).blocks).toEqual([3, 255]);
  });

  it('refuses a distance that no stream can have', () => {
    expect(new IcySplitter(100).alignTo(100 + 255 * 16)).toBe(true);
    expect(new IcySplitter(100).alignTo(100 + 255 * 16 + 1)).toBe(false);
  });

  it('takes all for audio when the interval is 0', () => {
    const splitter = new IcySplitter(0);
    expect(splitter.aligned).toBe(true);
    expect(split(splitter, [Buffer.from('abc'), Buffer.alloc(0)])).toEqual({ audio: Buffer.from('abc'), blocks: [] });
    splitter.lose();
    expect(splitter.aligned).toBe(true);
  });
});
