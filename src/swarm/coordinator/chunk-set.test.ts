import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkSet } from './chunk-set.ts';

describe('a set of chunks', () => {
  it('keeps runs joined, and goes to infinity for a live stream', () => {
    const set = new ChunkSet();
    set.add(0, 3);
    set.add(5, 6);
    set.add(3, 5);
    expect(set.runs()).toEqual([{ first: 0, end: 6 }]);
    set.add(100, Number.POSITIVE_INFINITY);
    set.remove(2, 101);
    expect([set.has(1), set.has(2), set.has(100), set.has(1e12)]).toEqual([true, false, false, true]);
    expect([set.nextFrom(2), set.count]).toEqual([101, Number.POSITIVE_INFINITY]);
    set.remove(0, Number.POSITIVE_INFINITY);
    expect([set.isEmpty, set.nextFrom(0)]).toEqual([true, undefined]);
  });

  it('does what a set of numbers does', () => {
    const step = fc.record({ adds: fc.boolean(), first: fc.nat(40), length: fc.nat(12) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const set = new ChunkSet();
        const model = new Set<number>();
        for (const { adds, first, length } of steps) {
          if (adds) set.add(first, first + length);
          else set.remove(first, first + length);
          for (let chunk = first; chunk < first + length; chunk++) {
            if (adds) model.add(chunk);
            else model.delete(chunk);
          }
          const all = Array.from({ length: 60 }, (_, chunk) => chunk);
          expect(all.filter((chunk) => set.has(chunk))).toEqual(all.filter((chunk) => model.has(chunk)));
          expect(set.count).toBe(model.size);
          expect(set.nextFrom(20)).toBe(all.find((chunk) => chunk >= 20 && model.has(chunk)));
          const runs = set.runs();
          expect(runs.every((run, at) => at === 0 || runs[at - 1]!.end < run.first)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('has a bound on its pieces', () => {
    const set = new ChunkSet();
    for (let chunk = 0; chunk < 2 * 65_536; chunk += 2) set.add(chunk);
    expect(() => set.add(200_000)).toThrow(RangeError);
    set.add(1);
    expect(set.runs()).toHaveLength(65_535);
  });
});
