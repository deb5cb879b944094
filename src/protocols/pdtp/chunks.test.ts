import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closedRange, rangeInFile, rangeLength, rangeText, sameRange } from './byte-range.ts';
import { chunkCount, chunkOfRange, chunkRange, chunksCovered, chunksTouched } from './chunks.ts';

/** The file of the recorded sessions: four chunks and a shorter one. */
const SMALL = { size: 23_456, chunkSize: 5000 };

describe('ranges', () => {
  it('are read against the size of the file', () => {
    expect(rangeInFile({}, 100)).toEqual({ min: 0, max: 99 });
    expect(rangeInFile({ min: 10 }, 100)).toEqual({ min: 10, max: 99 });
    expect(rangeInFile({ max: 9 }, 100)).toEqual({ min: 0, max: 9 });
    expect(rangeInFile({ min: 90, max: 200 }, 100)).toEqual({ min: 90, max: 99 });
    for (const none of [{ min: 100 }, { min: 9, max: 2 }, { min: -1 }, { max: -1 }]) {
      expect(rangeInFile(none, 100)).toBeUndefined();
    }
    expect(rangeInFile({}, 0)).toBeUndefined();
  });

  it('have a length and a text', () => {
    expect(rangeLength({ min: 0, max: 4999 })).toBe(5000);
    expect(rangeText({ min: 0, max: 4999 })).toBe('0..4999');
    expect(rangeText({ min: 20_000 })).toBe('20000..');
    expect(closedRange({ min: 5 })).toBeUndefined();
    expect(sameRange({ min: 1 }, { min: 1 })).toBe(true);
    expect(sameRange({ min: 1 }, { min: 1, max: 2 })).toBe(false);
  });
});

describe('chunks', () => {
  it('are cut at multiples, the last one is shorter', () => {
    expect(chunkCount(SMALL)).toBe(5);
    expect([0, 1, 2, 3, 4].map((index) => chunkRange(SMALL, index))).toEqual([
      { min: 0, max: 4999 },
      { min: 5000, max: 9999 },
      { min: 10_000, max: 14_999 },
      { min: 15_000, max: 19_999 },
      { min: 20_000, max: 23_455 },
    ]);
    for (const index of [-1, 5, 0.5, Number.NaN]) expect(() => chunkRange(SMALL, index)).toThrow(RangeError);
    expect(chunkCount({ size: 0, chunkSize: 5000 })).toBe(0);
    expect(chunkCount({ size: 10_000, chunkSize: 5000 })).toBe(2);
  });

  it('of a request are those that it touches, as the recorded session shows', () => {
    expect(chunksTouched(SMALL, { min: 6000, max: 6001 })).toEqual({ first: 1, end: 2 });
    expect(chunksTouched(SMALL, { max: 10 })).toEqual({ first: 0, end: 1 });
    expect(chunksTouched(SMALL, { min: 12_000, max: 7 })).toEqual({ first: 0, end: 0 });
    expect(chunksTouched(SMALL, { min: 30_000, max: 40_000 })).toEqual({ first: 0, end: 0 });
    expect(chunksTouched(SMALL, {})).toEqual({ first: 0, end: 5 });
  });

  it('of a provide are those that it covers', () => {
    expect(chunksCovered(SMALL, { min: 100, max: 12_000 })).toEqual({ first: 1, end: 2 });
    expect(chunksCovered(SMALL, { min: 23_000 })).toEqual({ first: 0, end: 0 });
    expect(chunksCovered(SMALL, { min: 20_000 })).toEqual({ first: 4, end: 5 });
    expect(chunksCovered(SMALL, { min: 20_000, max: 23_454 })).toEqual({ first: 0, end: 0 });
    expect(chunksCovered(SMALL, {})).toEqual({ first: 0, end: 5 });
  });

  it('are found by their range and by no other', () => {
    expect(chunkOfRange(SMALL, { min: 20_000, max: 23_455 })).toBe(4);
    for (const other of [
      { min: 0, max: 4998 },
      { min: 1, max: 5000 },
      { min: 20_000, max: 24_999 },
      { min: 25_000, max: 29_999 },
    ]) {
      expect(chunkOfRange(SMALL, other)).toBeUndefined();
    }
  });

  it('tile any file, and every span agrees with counting', () => {
    const bound = fc.option(fc.integer({ min: -3, max: 260 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(250), fc.integer({ min: 1, max: 60 }), bound, bound, (size, chunkSize, min, max) => {
        const geometry = { size, chunkSize };
        const all = Array.from({ length: chunkCount(geometry) }, (_, index) => chunkRange(geometry, index));
        expect(all.reduce((next, range) => (range.min === next ? range.max + 1 : -1), 0)).toBe(size);
        const spec = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
        const range = rangeInFile(spec, size);
        const indices = (test: (chunk: { min: number; max: number }) => boolean) =>
          all.flatMap((chunk, index) => (range && test(chunk) ? [index] : []));
        const expand = ({ first, end }: { first: number; end: number }) =>
          all.map((_, index) => index).slice(first, end);
        expect(expand(chunksTouched(geometry, spec))).toEqual(
          indices((chunk) => chunk.min <= range!.max && chunk.max >= range!.min),
        );
        expect(expand(chunksCovered(geometry, spec))).toEqual(
          indices((chunk) => chunk.min >= range!.min && chunk.max <= range!.max),
        );
        for (const [index, chunk] of all.entries()) expect(chunkOfRange(geometry, chunk)).toBe(index);
      }),
      { numRuns: 300 },
    );
  });

  it('count exactly at the largest sizes', () => {
    const size = Number.MAX_SAFE_INTEGER;
    for (const chunkSize of [2 ** 28, 3, 7, 5000]) {
      const count = chunkCount({ size, chunkSize });
      expect(BigInt(count)).toBe((BigInt(size) + BigInt(chunkSize) - 1n) / BigInt(chunkSize));
      expect(chunkRange({ size, chunkSize }, count - 1).max).toBe(size - 1);
    }
  });
});
