import { describe, expect, it } from 'vitest';
import { LowestOfHour } from './lowest-of-hour.ts';

const MINUTE_MS = 60_000;

describe('LowestOfHour', () => {
  it('tells the lowest value until it is an hour old', () => {
    const low = new LowestOfHour();
    expect(low.lowest(0)).toBeUndefined();
    low.note(25, 0);
    low.note(3, 10_000);
    low.note(24, 50_000);
    expect(low.lowest(50_000)).toBe(3);
    for (let minute = 1; minute <= 60; minute++) low.note(20 + minute / 100, minute * MINUTE_MS);
    expect(low.lowest(60 * MINUTE_MS)).toBe(3);
    low.note(24, 61 * MINUTE_MS);
    expect(low.lowest(61 * MINUTE_MS)).toBe(20.01);
    expect(low.lowest(1000 * MINUTE_MS)).toBeUndefined();
  });
});
