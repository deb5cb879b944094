import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkCutter, RAW_DATAGRAM_BYTES } from './chunks.ts';

/** Sizes of the datagrams of each slot. */
function slots(cutter: ChunkCutter, count: number): number[][] {
  const sizes: number[][] = [];
  for (;;) {
    const bytes = cutter.next();
    if (cutter.slot === count) return sizes;
    if (!sizes[cutter.slot]) sizes[cutter.slot] = [];
    sizes[cutter.slot]!.push(bytes);
  }
}

describe('raw chunks', () => {
  it('fill a slot with what its delay lasts', () => {
    const mono = new ChunkCutter({ sampleRate: 48_000, frameBytes: 2, delayMicroseconds: 10_000 });
    expect(slots(mono, 2)).toEqual([[960], [960]]);
  });

  it('split what a network would fragment, at sample frames', () => {
    const stereo = new ChunkCutter({ sampleRate: 48_000, frameBytes: 6, delayMicroseconds: 10_000 });
    expect(slots(stereo, 2)).toEqual([
      [1440, 1440],
      [1440, 1440],
    ]);
    expect(stereo.datagramsPerSlot).toBe(3);
    const odd = new ChunkCutter({ sampleRate: 48_000, frameBytes: 7 * 3, delayMicroseconds: 10_000 });
    expect(slots(odd, 1)[0]!.every((bytes) => bytes % 21 === 0 && bytes <= RAW_DATAGRAM_BYTES)).toBe(true);
    const wide = new ChunkCutter({ sampleRate: 8000, frameBytes: 2000, delayMicroseconds: 125 });
    expect(slots(wide, 1)).toEqual([[1440, 560]]);
  });

  it('spread parts of samples without drift', () => {
    const cutter = new ChunkCutter({ sampleRate: 44_100, frameBytes: 1, delayMicroseconds: 1000 });
    const frames = slots(cutter, 1000).map(([bytes]) => bytes!);
    expect(new Set(frames)).toEqual(new Set([44, 45]));
    expect(frames.reduce((sum, one) => sum + one)).toBe(44_100);
  });

  it('hold to their bounds, and have all frames of the time, whatever the format', () => {
    const options = {
      sampleRate: fc.integer({ min: 8000, max: 384_000 }),
      frameBytes: fc.integer({ min: 2, max: 256 }),
      delayMicroseconds: fc.integer({ min: 125, max: 20_000 }),
    };
    fc.assert(
      fc.property(fc.record(options), (record) => {
        const cutter = new ChunkCutter(record);
        const sizes = slots(cutter, 20);
        expect(Math.max(...sizes.flat())).toBeLessThanOrEqual(cutter.datagramBytes);
        expect(Math.max(...sizes.map((one) => one.length))).toBeLessThanOrEqual(cutter.datagramsPerSlot);
        const frames = sizes.flat().reduce((sum, one) => sum + one) / record.frameBytes;
        expect(frames).toBe(Math.floor((20 * record.sampleRate * record.delayMicroseconds) / 1e6));
      }),
      { numRuns: 100 },
    );
  });

  it('refuse a delay without a sample', () => {
    expect(() => new ChunkCutter({ sampleRate: 8000, frameBytes: 2, delayMicroseconds: 100 })).toThrow(
      /no sample within 100 us/,
    );
  });
});
