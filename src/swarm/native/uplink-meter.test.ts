import { describe, expect, it } from 'vitest';
import { UplinkMeter } from './uplink-meter.ts';

const CHUNK = 65_536;

describe('the uplink of a giver', () => {
  it('is measured while it always has something to send', () => {
    const meter = new UplinkMeter(100_000);
    meter.began(0);
    for (let at = 131; at < 20_000; at += 131) meter.confirmed(CHUNK, at, true);
    expect(meter.rate).toBeGreaterThan(490_000);
    expect(meter.rate).toBeLessThan(510_000);
  });

  it('is found to be fast, although each burst of orders is over before it is measured', () => {
    const meter = new UplinkMeter(1_000_000);
    for (let at = 0; at < 20_000; at += 50) {
      meter.began(at);
      for (let chunk = 0; chunk < 5; chunk++) meter.confirmed(CHUNK, at + 20, chunk < 4);
    }
    expect(meter.rate).toBeGreaterThan(10_000_000);
  });

  it('is not taken to be slow because orders come seldom', () => {
    const meter = new UplinkMeter(500_000);
    for (let at = 0; at < 20_000; at += 1000) {
      meter.began(at);
      meter.confirmed(CHUNK, at + 200, false);
    }
    expect(meter.rate).toBe(500_000);
  });

  it('is found to be slow when it is', () => {
    const meter = new UplinkMeter(500_000);
    for (let at = 0; at < 60_000; at += 2000) {
      meter.began(at);
      meter.confirmed(CHUNK, at + 1000, false);
    }
    expect(meter.rate).toBeLessThan(70_000);
  });
});
