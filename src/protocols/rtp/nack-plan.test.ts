import { describe, expect, it } from 'vitest';
import { NackPlan } from './nack-plan.ts';

const options = { patienceMs: 5, retryMs: 20, maxTries: 3, maxPerSecond: 100 };

describe('NackPlan', () => {
  it('waits for the overtaken, asks, asks again, and gives up', () => {
    const plan = new NackPlan(options);
    const asked: number[] = [];
    for (let ms = 0; ms < 200; ms++) for (const sequence of plan.due([65_540], ms)) asked.push(ms, sequence);
    expect(asked).toEqual([5, 65_540, 25, 65_540, 45, 65_540]);
  });

  it('forgets what came', () => {
    const plan = new NackPlan(options);
    plan.due([1, 2], 0);
    expect(plan.due([2], 10)).toEqual([2]);
    expect(plan.due([1], 11)).toEqual([]);
  });

  it('asks no more than its share, the oldest first', () => {
    const plan = new NackPlan(options);
    const missing = Array.from({ length: 1000 }, (_, n) => n);
    plan.due(missing, 0);
    expect(plan.due(missing, 10)).toEqual(missing.slice(0, 100));
    expect(plan.due(missing, 15)).toEqual([]);
    expect(plan.due(missing.slice(100), 515)).toHaveLength(50);
  });
});
