import { describe, expect, it } from 'vitest';
import { ChannelMeter, shareOf } from '../../web/tracks/channel-meter.ts';

describe('the meter of a channel', () => {
  it('rises at once, falls by 20 dB a second, and holds the highest peak for a while', () => {
    const meter = new ChannelMeter();
    meter.take(-6, -12, false, 0);
    expect([meter.peak, meter.rms, meter.held, meter.highest]).toEqual([-6, -12, -6, -6]);
    for (let ms = 50; ms <= 1000; ms += 50) meter.take(-40, -40, false, ms);
    expect(meter.peak).toBeCloseTo(-26);
    expect(meter.rms).toBeLessThan(-35);
    expect([meter.held, meter.highest]).toEqual([-6, -6]);
    for (let ms = 1050; ms <= 4000; ms += 50) meter.take(-40, -40, false, ms);
    expect(meter.held).toBeLessThan(-30);
    expect([meter.peak, meter.highest]).toEqual([-40, -6]);
    meter.take(-3, -9, false, 4050);
    expect([meter.peak, meter.held, meter.highest]).toEqual([-3, -3, -3]);
  });

  it('keeps a clip until it is reset', () => {
    const meter = new ChannelMeter();
    meter.take(0, -3, true, 0);
    meter.take(-60, -60, false, 50);
    expect(meter.isClipped).toBe(true);
    meter.reset();
    expect([meter.isClipped, meter.highest]).toEqual([false, Number.NEGATIVE_INFINITY]);
  });

  it('falls to nothing when nothing comes', () => {
    const meter = new ChannelMeter();
    meter.take(-6, -12, false, 0);
    meter.rest();
    expect([meter.peak, meter.rms, meter.held].every((level) => shareOf(level) === 0)).toBe(true);
    expect([shareOf(-60), shareOf(-30), shareOf(0), shareOf(3)]).toEqual([0, 0.5, 1, 1]);
  });
});
