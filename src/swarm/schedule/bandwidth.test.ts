import { describe, expect, it } from 'vitest';
import { BandwidthModel } from './bandwidth.ts';

describe('BandwidthModel', () => {
  it('forgets its guess and follows what was measured', () => {
    const model = new BandwidthModel(1000);
    for (let count = 0; count < 400; count++) model.observe(500, 1000);
    expect(model.meanBytesPerSecond).toBeCloseTo(500, 0);
  });

  it('keeps the low quantile near the rate that is nearly always reached', () => {
    const model = new BandwidthModel(1000);
    for (let count = 0; count < 2000; count++) model.observe(count % 10 === 0 ? 100 : 1000, 1000);
    expect(model.lowBytesPerSecond).toBeLessThan(model.meanBytesPerSecond + 1);
    expect(model.lowBytesPerSecond).toBeGreaterThan(500);
  });

  it('keeps the cap of the user, and sends nothing on a metered line', () => {
    expect(new BandwidthModel(1000, { capBytesPerSecond: 300 }).meanBytesPerSecond).toBe(300);
    expect(new BandwidthModel(1000, { metered: true }).lowBytesPerSecond).toBe(0);
  });

  it('ignores measurements that cannot be', () => {
    const model = new BandwidthModel(1000);
    for (const [bytes, ms] of [
      [Number.NaN, 1],
      [1, 0],
      [-5, 10],
      [1, Number.POSITIVE_INFINITY],
      [Number.MAX_VALUE, 1e-300],
    ]) {
      model.observe(bytes!, ms!);
    }
    expect(model.meanBytesPerSecond).toBeLessThanOrEqual(1000);
    expect(model.meanBytesPerSecond).toBeGreaterThan(990);
  });
});
