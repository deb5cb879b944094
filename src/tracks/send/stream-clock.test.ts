import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utcMsOfNtp } from '../../protocols/ntp/timestamp.ts';
import { TAI_AHEAD_SECONDS } from '../epochs.ts';
import { SteadyUtc } from '../steady-utc.ts';
import { StreamClock } from './stream-clock.ts';

const UTC = Date.UTC(2026, 10, 21, 12);
const clockAt = (startNs: bigint, serverOffsetMs?: number, epochSeconds?: number) =>
  new StreamClock({
    startNs,
    utc: new SteadyUtc({ ns: 0n, utcMs: UTC }),
    serverOffsetMs,
    epochSeconds,
    randomTimestamp: 0xffff_ff00,
  });

describe('the clock of a session', () => {
  it('gives all flows of a rate one timestamp, random without a server', () => {
    const clock = clockAt(5n * 1_000_000_000n);
    expect([clock.startTimestamp(48_000), clock.startTimestamp(44_100), clock.mediaClockOffset]).toEqual(
      Array(3).fill(0xffff_ff00),
    );
    expect(clock.startUtcMs).toBe(UTC + 5000);
  });

  it('counts from 1900 by the clock of a server (RFC 7273, direct=0)', () => {
    const clock = clockAt(250_000_000n, 1500);
    const seconds = BigInt(UTC / 1000 + 2_208_988_800 + 1);
    expect([clock.mediaClockOffset, clock.startUtcMs]).toEqual([0, UTC + 1750]);
    expect(clock.startTimestamp(48_000)).toBe(Number((seconds * 48_000n + 36_000n) % 2n ** 32n));
  });

  it('counts TAI from 1970 by a clock that follows PTP (IEEE 1588)', () => {
    const clock = clockAt(250_000_000n, 0, TAI_AHEAD_SECONDS);
    expect([clock.mediaClockOffset, clock.startUtcMs]).toEqual([0, UTC + 250]);
    const seconds = BigInt(UTC / 1000 + 37);
    expect(clock.startTimestamp(48_000)).toBe(Number((seconds * 48_000n + 12_000n) % 2n ** 32n));
  });

  it('says in reports one instant in both clocks, for a day and across wraps', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 3n * 86_400n * 1_000_000_000n }),
        fc.constantFrom(44_100, 48_000, 96_000),
        (afterNs, sampleRate) => {
          const clock = clockAt(1_000_000_000n);
          const { ntp, rtpTimestamp } = clock.reportTimes(clock.startNs + afterNs, sampleRate);
          const frames = (afterNs * BigInt(sampleRate)) / 1_000_000_000n;
          expect(rtpTimestamp).toBe(Number((0xffff_ff00n + frames) % 2n ** 32n));
          // The instant of that very frame, not of the moment within it.
          const utcMs = UTC + 1000 + (Number(frames) * 1000) / sampleRate;
          expect(Math.abs(utcMsOfNtp(ntp, utcMs) - utcMs)).toBeLessThan(0.001);
        },
      ),
      { numRuns: 200 },
    );
  });
});
