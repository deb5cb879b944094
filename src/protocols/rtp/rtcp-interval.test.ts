import { describe, expect, it } from 'vitest';
import { averageRtcpBytes, deterministicRtcpIntervalMs, type RtcpSession, rtcpIntervalMs } from './rtcp-interval.ts';

const mono: RtcpSession = {
  members: 2,
  senders: 1,
  sessionBitsPerSecond: 1_472_000,
  isSender: true,
  averageBytes: 120,
  isFirst: false,
};

describe('rtcpIntervalMs', () => {
  it('is at least 5 s, half of that for the first report, less when the reduced minimum is allowed', () => {
    expect(deterministicRtcpIntervalMs(mono)).toBe(5000);
    expect(deterministicRtcpIntervalMs({ ...mono, isFirst: true })).toBe(2500);
    expect(deterministicRtcpIntervalMs({ ...mono, isReducedMinimum: true })).toBeCloseTo(360_000 / 1472, 6);
  });

  it('shares 5 % among many receivers, a quarter of it among the senders', () => {
    const crowd = { ...mono, members: 10_000, sessionBitsPerSecond: 1_000_000 };
    // 6250 B/s: receivers have 4687.5 of it, senders 1562.5.
    expect(deterministicRtcpIntervalMs({ ...crowd, isSender: false })).toBeCloseTo((9999 * 120 * 1000) / 4687.5, 3);
    expect(deterministicRtcpIntervalMs({ ...crowd, senders: 2000 })).toBeCloseTo((2000 * 120 * 1000) / 1562.5, 3);
    expect(deterministicRtcpIntervalMs({ ...crowd, senders: 5000 })).toBeCloseTo((10_000 * 120 * 1000) / 6250, 3);
  });

  it('spreads from a half to one and a half, divided by 1.21828', () => {
    expect(rtcpIntervalMs(mono, 0)).toBeCloseTo(2500 / 1.21828, 1);
    expect(rtcpIntervalMs(mono, 1)).toBeCloseTo(7500 / 1.21828, 1);
  });

  it('is finite for any numbers', () => {
    const odd = { ...mono, members: 0, senders: 0, sessionBitsPerSecond: 0, averageBytes: 0, isReducedMinimum: true };
    expect(rtcpIntervalMs(odd, 0.5)).toBeGreaterThan(1000);
  });

  it('follows the packet size by a sixteenth', () => {
    expect(averageRtcpBytes(100, 260)).toBe(110);
  });
});
