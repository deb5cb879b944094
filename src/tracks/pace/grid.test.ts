import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodNs, periodOfFrames, periodOfMicroseconds, slotInstantNs } from './grid.ts';

describe('grid', () => {
  it('keeps 44.1 kHz as a fraction', () => {
    expect(periodOfFrames(44, 44_100)).toEqual({ numerator: 440_000_000, denominator: 441 });
    expect(periodOfFrames(441, 44_100)).toEqual({ numerator: 10_000_000, denominator: 1 });
    expect(periodOfFrames(48, 48_000)).toEqual(periodOfMicroseconds(1000));
    expect(periodNs(periodOfFrames(6, 48_000))).toBe(125_000);
  });

  it('rounds each instant down, never the sum', () => {
    const period = periodOfFrames(44, 44_100);
    expect([0, 1, 2, 441].map((slot) => slotInstantNs(period, slot))).toEqual([0, 997_732, 1_995_464, 440_000_000]);
    // 441 packets of 44 frames last 440 ms exactly, also after 27 hours.
    const turns = Math.floor((27 * 3600) / 0.44);
    expect(slotInstantNs(period, turns * 441)).toBe(turns * 440_000_000);
  });

  it('gives instants that are the exact quotient rounded down', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 48_000 }),
        fc.integer({ min: 8000, max: 384_000 }),
        fc.nat(2 ** 31),
        (frames, rate, slot) => {
          fc.pre((frames / rate) * 1e6 >= 1);
          const exact = (BigInt(slot) * BigInt(frames) * 1_000_000_000n) / BigInt(rate);
          fc.pre(exact < 2n ** 53n);
          expect(BigInt(slotInstantNs(periodOfFrames(frames, rate), slot))).toBe(exact);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses periods that cannot be paced', () => {
    for (const bad of [0, -1, Number.NaN, 1.0001, 4e9]) expect(() => periodOfMicroseconds(bad)).toThrow(RangeError);
    expect(() => periodOfFrames(48, 0)).toThrow(RangeError);
  });
});
