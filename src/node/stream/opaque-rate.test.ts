import { describe, expect, it } from 'vitest';
import { OpaqueRate } from './opaque-rate.ts';

/** Feeds `bytesPerSecond` in steps of 100 ms and returns the length that the last second was given, in seconds. */
function feed(rate: OpaqueRate, fromMs: number, toMs: number, bytesPerSecond: number): number {
  let lastUs = 0;
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 100) lastUs = rate.durationUs(bytesPerSecond / 10, nowMs);
  return (lastUs * 10) / 1e6;
}

describe('OpaqueRate', () => {
  it('believes the bitrate that the source declares', () => {
    expect(new OpaqueRate(64, 0).durationUs(8000, 0)).toBe(1e6);
  });

  it('measures what arrives', () => {
    const rate = new OpaqueRate(undefined, 0);
    expect(rate.durationUs(16_000, 0)).toBe(1e6); // 128 kbit/s until it knows
    expect(feed(rate, 0, 30_000, 32_000)).toBeCloseTo(1, 1);
  });

  it('is not misled by a burst at the start, nor by one after a pause', () => {
    const rate = new OpaqueRate(undefined, 0);
    rate.durationUs(32_000 * 25, 100);
    expect(feed(rate, 200, 15_000, 32_000)).toBeCloseTo(1, 1);
    feed(rate, 15_000, 20_000, 32_000);
    rate.durationUs(32_000 * 30, 50_000); // what was made in the pause
    rate.durationUs(32_000 * 30, 50_100);
    expect(feed(rate, 50_200, 66_000, 32_000)).toBeCloseTo(1, 1);
  });
});
