import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GapCause, GapList } from './gap-list.ts';

describe('GapList', () => {
  it('joins what touches, keeps the first cause, and sorts', () => {
    const gaps = new GapList();
    gaps.add(100, 148, 'lost');
    gaps.add(148, 196, 'lost');
    gaps.add(0, 48, 'absent');
    gaps.add(180, 250, 'late');
    expect(gaps.entries()).toEqual([
      [0, 48, 'absent'],
      [100, 96, 'lost'],
      [196, 54, 'late'],
    ]);
    expect([gaps.frames, gaps.count, gaps.isExact]).toEqual([198, 2, true]);
    expect(gaps.touches(48, 100)).toBe(false);
    expect(gaps.touches(47, 48)).toBe(true);
    expect(gaps.touches(10, 20)).toBe(true);
    expect(GapList.of(gaps.entries()).entries()).toEqual(gaps.entries());
  });

  it('forgets what was repaired', () => {
    const gaps = new GapList();
    gaps.add(0, 100, 'lost');
    expect(gaps.fill(20, 30)).toBe(10);
    expect(gaps.fill(20, 30)).toBe(0);
    expect(gaps.entries()).toEqual([
      [0, 20, 'lost'],
      [30, 70, 'lost'],
    ]);
    gaps.fill(0, 1000);
    expect([gaps.frames, gaps.entries()]).toEqual([0, []]);
  });

  it('joins the nearest when there are too many, and says so', () => {
    const gaps = new GapList({ maxGaps: 4 });
    for (const start of [0, 1000, 1020, 5000]) gaps.add(start, start + 10, 'lost');
    expect(gaps.isExact).toBe(true);
    gaps.add(5015, 5020, 'late');
    expect(gaps.isExact).toBe(false);
    expect(gaps.entries()).toEqual([
      [0, 1030, 'lost'],
      [5000, 20, 'lost'],
    ]);
  });

  it('holds every missing frame, and when it is exact no other, in bounded memory', () => {
    const cause = fc.constantFrom<GapCause>('lost', 'late', 'disk');
    const steps = fc.array(fc.tuple(fc.nat({ max: 300 }), fc.integer({ min: 1, max: 20 }), cause, fc.boolean()), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (list, maxGaps) => {
        const gaps = new GapList({ maxGaps });
        const missing = new Set<number>();
        for (const [start, frames, why, isFilled] of list) {
          for (let at = start; at < start + frames; at++) isFilled ? missing.delete(at) : missing.add(at);
          if (isFilled) gaps.fill(start, start + frames);
          else gaps.add(start, start + frames, why);
        }
        const told = gaps
          .entries()
          .flatMap(([start, frames]) => Array.from({ length: frames }, (_, index) => start + index));
        expect(new Set(told).size).toBe(told.length);
        expect(told.length).toBe(gaps.frames);
        for (const frame of missing) expect(told).toContain(frame);
        if (gaps.isExact) expect(told).toEqual([...missing].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });
});
