import { describe, expect, it } from 'vitest';
import { UplinkShare } from './uplink-share.ts';

const STREAM = 16_000;

/** A receipt every half second. */
function observe(share: UplinkShare, hopMs: number, seconds: number, fromMs = 0, isFull = true): void {
  for (let at = 0; at < seconds * 2; at++) share.observe(hopMs, isFull, fromMs + at * 500);
}

describe('what a giver of a stream is leased', () => {
  it('begins with little more than a stream, or with what its user allows', () => {
    expect(new UplinkShare(STREAM, undefined, 0).rate).toBe(20_000);
    expect(new UplinkShare(STREAM, 28_000, 0).rate).toBe(28_000);
  });

  it('grows while chunks are quick and all of it is used, up to a bound', () => {
    const [free, capped, idle] = [undefined, 28_000, undefined].map((cap) => new UplinkShare(STREAM, cap, 0));
    observe(free!, 200, 60);
    expect(free!.rate).toBeGreaterThan(80_000);
    observe(free!, 200, 600, 60_000);
    expect(free!.rate).toBe(16 * STREAM);
    observe(capped!, 200, 60);
    expect(capped!.rate).toBe(28_000);
    observe(idle!, 200, 60, 0, false);
    expect(idle!.rate).toBe(20_000);
  });

  it('shrinks while chunks are slow, and never to nothing', () => {
    const share = new UplinkShare(STREAM, undefined, 0);
    observe(share, 3000, 10);
    expect(share.rate).toBeLessThan(17_000);
    observe(share, 3000, 600, 10_000);
    expect(share.rate).toBe(STREAM / 4);
  });

  it('of who may give nothing stays nothing', () => {
    const share = new UplinkShare(STREAM, 0, 0);
    observe(share, 100, 60);
    observe(share, 3000, 60, 60_000);
    expect(share.rate).toBe(0);
  });
});
