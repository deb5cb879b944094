import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Range, RangeSet } from './range-set.ts';

const SIZE = 40;
const edge = fc.nat({ max: SIZE });
const steps = fc.array(fc.tuple(fc.boolean(), edge, edge), { maxLength: 25 });

function runs(model: readonly boolean[], wanted: boolean, start = 0, end = SIZE): Range[] {
  const found: { start: number; end: number }[] = [];
  for (let at = start; at < end; at++) {
    if (model[at] !== wanted) continue;
    if (found.at(-1)?.end === at) found.at(-1)!.end++;
    else found.push({ start: at, end: at + 1 });
  }
  return found;
}

describe('RangeSet', () => {
  it('does as a row of booleans does', () => {
    fc.assert(
      fc.property(steps, edge, edge, (changes, from, to) => {
        const set = new RangeSet();
        const model = new Array<boolean>(SIZE).fill(false);
        for (const [isIn, start, end] of changes) {
          let changed = 0;
          for (let at = start; at < end; at++) {
            if (model[at] !== isIn) changed++;
            model[at] = isIn;
          }
          expect(isIn ? set.add(start, end) : set.remove(start, end)).toBe(changed);
          expect([...set]).toEqual(runs(model, true));
        }
        expect(set.total).toBe(model.filter(Boolean).length);
        expect(set.has(from)).toBe(model[from] ?? false);
        expect(set.covers(from, to)).toBe(model.slice(from, to).every(Boolean));
        expect([...set.missing(from, to)]).toEqual(runs(model, false, from, to));
        expect(set.next(from)).toEqual(runs(model, true, from)[0]);
        expect(set.first).toEqual(runs(model, true)[0]);
        expect(set.last).toEqual(runs(model, true).at(-1));
      }),
      { numRuns: 300 },
    );
  });
});
