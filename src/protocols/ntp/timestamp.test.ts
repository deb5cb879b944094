import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { middleOfNtp, ntpDifferenceMs, ntpOfUtcMs, utcMsOfNtp } from './timestamp.ts';

describe('NTP timestamps', () => {
  it('count from 1900', () => {
    expect(ntpOfUtcMs(0)).toBe(2_208_988_800n << 32n);
    expect(ntpOfUtcMs(500)).toBe((2_208_988_800n << 32n) | 0x8000_0000n);
    expect(ntpOfUtcMs(Date.UTC(2036, 1, 7, 6, 28, 16))).toBe(0n);
  });

  it('come back in the right era, over 2036', () => {
    const times = fc.double({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1), noNaN: true });
    fc.assert(
      fc.property(times, (utcMs) => {
        expect(Math.abs(utcMsOfNtp(ntpOfUtcMs(utcMs), utcMs - 1e9) - utcMs)).toBeLessThan(0.001);
      }),
      { numRuns: 200 },
    );
  });

  it('differ over a wrap', () => {
    expect(ntpDifferenceMs(1n << 32n, (1n << 64n) - (1n << 31n))).toBe(1500);
    expect(ntpDifferenceMs((1n << 64n) - (1n << 31n), 1n << 32n)).toBe(-1500);
  });

  it('have a middle', () => {
    expect(middleOfNtp(0x1234_5678_9abc_def0n)).toBe(0x5678_9abc);
  });
});
