import { describe, expect, it } from 'vitest';
import { type Outage, outages } from './outages.ts';
import { seededRandom } from './seeded-random.ts';

function first(count: number, seed: number): Outage[] {
  const schedule = outages(seededRandom(seed));
  return Array.from({ length: count }, () => schedule.next().value);
}

describe('outages', () => {
  it('is the same for the same seed and another for another', () => {
    expect(first(50, 7)).toEqual(first(50, 7));
    expect(first(50, 7)).not.toEqual(first(50, 8));
  });

  it('stays within its bounds and uses them', () => {
    const many = first(2000, 1);
    const up = many.map(({ upMs }) => upMs);
    const down = many.map(({ downMs }) => downMs);
    expect(Math.min(...up)).toBeGreaterThanOrEqual(20_000);
    expect(Math.max(...up)).toBeLessThanOrEqual(40_000);
    expect(Math.min(...down)).toBeGreaterThanOrEqual(3_000);
    expect(Math.max(...down)).toBeLessThanOrEqual(12_000);
    expect(Math.max(...down) - Math.min(...down)).toBeGreaterThan(8_900);
  });

  it('kills the connections in about half of the cases', () => {
    const killing = first(2000, 1).filter(({ killsConnections }) => killsConnections).length;
    expect(killing).toBeGreaterThan(900);
    expect(killing).toBeLessThan(1100);
  });
});
