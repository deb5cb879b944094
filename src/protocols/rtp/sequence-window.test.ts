import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceWindow } from './sequence-window.ts';

function started(first: number): SequenceWindow {
  const window = new SequenceWindow();
  window.restart(first);
  return window;
}

describe('SequenceWindow', () => {
  it('tells next, reordered, duplicate and forgotten', () => {
    const window = started(65_530);
    expect([65_530, 65_533, 65_531, 65_531, 65_536].map((each) => window.add(each))).toEqual([
      'next',
      'next',
      'reordered',
      'duplicate',
      'next',
    ]);
    expect(window.missing(0, 10)).toEqual([65_532, 65_534, 65_535]);
    expect(window).toMatchObject({ expected: 7, received: 4, lost: 3, highest: 65_536 });
    expect(window.add(65_530 - 101)).toBe('forgotten');
    expect(window.add(65_529)).toBe('reordered');
    expect(window.lost).toBe(3);
  });

  it('forgets what is 65,536 packets old, and no bit of it comes back', () => {
    const window = started(0);
    window.add(0);
    window.add(5);
    window.add(65_536 + 2);
    expect(window.add(5)).toBe('duplicate');
    expect(window.add(1)).toBe('forgotten');
    window.add(400_000);
    expect(window.missing(400_000 - 65_535, 2)).toEqual([400_000 - 65_535, 400_000 - 65_534]);
    expect(window.missing(399_998, 10)).toEqual([399_998, 399_999]);
  });

  it('adds the runs before a restart to what was expected', () => {
    const window = started(10);
    window.add(10);
    window.add(12);
    window.restart(5000);
    window.add(5000);
    expect(window).toMatchObject({ expected: 4, received: 3, lost: 1 });
  });

  it('counts like a set', () => {
    const near = fc.integer({ min: -100, max: 3000 });
    fc.assert(
      fc.property(fc.array(near, { maxLength: 200 }), (offsets) => {
        const window = started(70_000);
        const seen = new Set<number>();
        for (const offset of offsets) {
          const wasSeen = seen.has(offset);
          const lowest = Math.min(...seen, offset);
          if (seen.size > 0 && lowest < Math.min(...seen) - 100) continue;
          if (seen.size === 0) window.restart(70_000 + offset);
          expect(window.add(70_000 + offset) === 'duplicate').toBe(wasSeen);
          seen.add(offset);
        }
        if (seen.size === 0) return;
        const low = Math.min(...seen);
        const high = Math.max(...seen);
        const missing = Array.from({ length: high - low + 1 }, (_, index) => low + index).filter((n) => !seen.has(n));
        expect(window.missing(0, 10_000)).toEqual(missing.map((each) => each + 70_000));
        expect(window.lost).toBe(missing.length);
      }),
      { numRuns: 100 },
    );
  });
});
