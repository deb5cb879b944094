import { describe, expect, it } from 'vitest';
import { FailedPairs } from './failed-pairs.ts';

describe('pairs that failed', () => {
  it('are counted by giver and taker, until something comes', () => {
    const pairs = new FailedPairs();
    expect([pairs.failed(1, 2), pairs.failed(1, 2), pairs.failed(2, 1), pairs.failed(1, 3)]).toEqual([1, 2, 1, 1]);
    pairs.worked(1, 2);
    expect([pairs.failed(1, 2), pairs.failed(1, 3)]).toEqual([1, 2]);
  });

  it('are forgotten with either of the two', () => {
    const pairs = new FailedPairs();
    for (const [giver, taker] of [
      [1, 2],
      [2, 3],
      [1, 3],
    ] as const)
      pairs.failed(giver, taker);
    pairs.forget(2);
    expect([pairs.failed(1, 2), pairs.failed(2, 3), pairs.failed(1, 3)]).toEqual([1, 1, 2]);
  });
});
