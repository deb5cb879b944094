import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LATENESS_BUCKETS, latenessBucket } from '../pace/lateness.ts';
import { Histogram } from './histogram.ts';

describe('Histogram', () => {
  it('tells quantiles by bins and the largest exactly', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 1000; us++) histogram.record(us);
    histogram.record(123_456.5);
    const { count, p50Us, p99Us, p999Us, maxUs, bins } = histogram.account();
    expect([count, maxUs]).toEqual([1001, 123_456.5]);
    expect(p50Us).toBeGreaterThanOrEqual(501);
    expect(p50Us).toBeLessThanOrEqual(501 * (17 / 16) + 1);
    expect(p99Us).toBeGreaterThanOrEqual(991);
    expect(p999Us).toBeLessThan(1100);
    expect(histogram.quantileUs(1)).toBe(123_456.5);
    expect(bins.reduce((sum, [, each]) => sum + each, 0)).toBe(1001);
  });

  it('counts early as 0 and hours in its last bin', () => {
    const histogram = new Histogram();
    expect(histogram.account()).toEqual({ count: 0, p50Us: 0, p99Us: 0, p999Us: 0, maxUs: 0, bins: [] });
    histogram.record(-5);
    expect(histogram.account()).toMatchObject({ count: 1, p50Us: 0, maxUs: 0, bins: [[1, 1]] });
    histogram.record(3.6e9);
    expect(histogram.quantileUs(1)).toBe(3.6e9);
    expect(histogram.account().bins).toHaveLength(2);
  });

  it('takes the counters of the pacer', () => {
    const counters = new Uint32Array(LATENESS_BUCKETS);
    counters[latenessBucket(20)] = 7;
    const histogram = new Histogram();
    histogram.record(3);
    histogram.addBins(counters);
    expect(histogram.count).toBe(8);
    expect(histogram.quantileUs(0.5)).toBe(21);
    expect(histogram.maxUs).toBe(21);
  });

  it('never tells a quantile below the true one, nor more than a sixteenth and 1 us above', () => {
    const times = fc.array(fc.double({ min: 0, max: 6e7, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const histogram = new Histogram();
        for (const us of list) histogram.record(us);
        const sorted = list.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * list.length) - 1)]!;
        const told = histogram.quantileUs(share);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * (17 / 16) + 1);
      }),
      { numRuns: 200 },
    );
  });
});
