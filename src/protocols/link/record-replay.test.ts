import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REPLAY_WINDOW_RECORDS, ReplayWindow } from './record-replay.ts';

function windowWith(...numbers: number[]): ReplayWindow {
  const window = new ReplayWindow();
  for (const number of numbers) window.add(number);
  return window;
}

describe('the replay window', () => {
  it('tells new numbers, duplicates and old ones apart', () => {
    const window = windowWith(REPLAY_WINDOW_RECORDS + 9);
    expect(window.verdict(REPLAY_WINDOW_RECORDS + 9)).toBe('duplicate');
    expect(window.verdict(REPLAY_WINDOW_RECORDS + 10)).toBe('new');
    expect(window.verdict(10)).toBe('new');
    expect(window.verdict(9)).toBe('old');
    window.add(10);
    expect(window.verdict(10)).toBe('duplicate');
    expect(window.highest).toBe(REPLAY_WINDOW_RECORDS + 9);
  });

  it('forgets nothing of the window when it slides by less, and all when by more', () => {
    for (const start of [0, 31, 32, 2 ** 32 - 5, 2 ** 48]) {
      for (const step of [1, 31, 32, 33, 1000, REPLAY_WINDOW_RECORDS - 1]) {
        const window = windowWith(start, start + step);
        expect(window.verdict(start)).toBe('duplicate');
        if (step > 1) expect(window.verdict(start + 1)).toBe('new');
      }
      for (const step of [REPLAY_WINDOW_RECORDS, REPLAY_WINDOW_RECORDS + 31, 2 ** 31, 2 ** 40]) {
        const window = windowWith(start, start + step);
        expect(window.verdict(start)).toBe('old');
        const lowest = start + step - REPLAY_WINDOW_RECORDS + 1;
        for (let number = lowest; number < start + step; number += 1021) expect(window.verdict(number)).toBe('new');
      }
    }
  });

  it('keeps nothing from the round before in its ring of words', () => {
    const ring = REPLAY_WINDOW_RECORDS + 32;
    for (const step of [33, 5000, 32_768]) {
      const window = new ReplayWindow();
      for (let number = 0; number < ring; number++) window.add(number);
      for (let number = ring; number < 2 * ring; number += step) {
        window.add(number + step);
        const below = Array.from({ length: Math.min(step, 40) }, (_, back) => window.verdict(number + step - 1 - back));
        expect(below.slice(0, step - 1).every((verdict) => verdict === 'new')).toBe(true);
      }
    }
  });

  it('agrees with a set for any order of numbers', () => {
    const jump = fc.oneof(
      fc.integer({ min: -100, max: 100 }),
      fc.integer({ min: -REPLAY_WINDOW_RECORDS - 50, max: REPLAY_WINDOW_RECORDS + 50 }),
    );
    fc.assert(
      fc.property(fc.array(jump, { maxLength: 60 }), fc.constantFrom(0, 2 ** 32 - 50), (jumps, start) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let at = start;
        for (const each of jumps) {
          at = Math.max(0, at + each);
          const highest = Math.max(-1, ...seen);
          const expected = at <= highest - REPLAY_WINDOW_RECORDS ? 'old' : seen.has(at) ? 'duplicate' : 'new';
          expect(window.verdict(at)).toBe(expected);
          if (expected === 'new') {
            window.add(at);
            seen.add(at);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
