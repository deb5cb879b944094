import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FragmentSource } from '../../../test/support/frames.ts';
import { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { Extent } from '../../modules/values.ts';
import { Playout } from './playout.ts';

function setUp(reserve: Extent, start: 'now' | 'full' = 'now', maxBytes = 1e9) {
  const clock = new FakeClock();
  const buffer = new FragmentBuffer({ keepMs: 120_000, maxBytes });
  const releases: { sequence: number; atMs: number }[] = [];
  const evicted: number[] = [];
  const playout: Playout = new Playout({
    clock,
    buffer,
    reserve,
    start,
    onRelease: () => releases.push({ sequence: playout.released!.sequence, atMs: clock.nowMs() }),
    onEvicted: (lostMs) => evicted.push(lostMs),
  });
  const source = new FragmentSource();
  const append = (count = 1) => {
    for (let index = 0; index < count; index++) {
      const fragment = source.next();
      buffer.append(fragment);
      playout.appended(fragment);
    }
  };
  return { clock, buffer, playout, releases, evicted, append };
}

describe('Playout', () => {
  it('releases at once without a reserve', () => {
    const { append, playout, releases } = setUp({ ms: 0 });
    append();
    append(3);
    expect(playout.released?.sequence).toBe(4);
    expect(releases.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(playout.reserveMs).toBe(0);
  });

  it('plays the reserve behind the newest and in real time', async () => {
    const { append, clock, playout } = setUp({ ms: 5000 });
    append(30); // 15 s at once: a burst
    expect(playout.reserveMs).toBe(5000);
    expect(playout.released?.mediaTimeUs).toBe(10_000_000);
    await clock.run(2000);
    expect(playout.released?.mediaTimeUs).toBe(12_000_000);
    expect(playout.reserveMs).toBe(3000);
  });

  it('starts with what there is, and with `full` only when the reserve is full', async () => {
    const now = setUp({ ms: 5000 });
    now.append();
    expect(now.playout.released?.sequence).toBe(1);
    const full = setUp({ ms: 5000 }, 'full');
    full.append(9);
    expect(full.playout.released).toBeUndefined();
    full.append();
    await full.clock.run(500);
    expect(full.playout.released?.sequence).toBe(1);
  });

  it('with `full` waits for a backlog that is still coming, and starts at the reserve behind its end', async () => {
    const { append, clock, playout, releases } = setUp({ ms: 5000 }, 'full');
    append(10); // full; 12 s more come at four times the speed of sound played
    for (let step = 0; step < 24; step++) {
      expect(playout.released).toBeUndefined();
      await clock.run(125);
      append();
    }
    expect(playout.released).toBeUndefined();
    await clock.run(1000);
    expect(releases[0]?.sequence).toBe(25); // 12 s after the oldest, 5 s before the newest
  });

  it('with `full` does not wait for ever for a source that is always too fast', async () => {
    const { append, clock, playout } = setUp({ ms: 5000 }, 'full');
    append(10);
    for (let step = 0; step < 44; step++) {
      await clock.run(125);
      append();
    }
    expect(playout.released).toBeDefined();
  });

  it('measures a reserve in bytes', async () => {
    const { append, clock, playout } = setUp({ bytes: 16_000 }, 'full');
    append(9);
    expect(playout.released).toBeUndefined();
    append();
    await clock.run(500);
    expect(playout.released?.sequence).toBe(1);
    expect(playout.targetMs).toBe(5000);
  });

  it('goes on without a hole over an outage shorter than the reserve, and fills it again', async () => {
    const { append, clock, playout, releases } = setUp({ ms: 5000 });
    append(10);
    await clock.run(4000); // the line is down
    append(8); // and gives what it held
    expect(playout.reserveMs).toBe(5000);
    for (let tick = 0; tick < 10; tick++) {
      await clock.run(500);
      append();
    }
    const pausesMs = releases.slice(1).map(({ atMs }, index) => atMs - releases[index]!.atMs);
    expect(Math.max(...pausesMs)).toBeLessThanOrEqual(501);
  });

  it('waits at the newest when the reserve is used up, and continues with the next', async () => {
    const { append, clock, playout } = setUp({ ms: 2000 });
    append(4);
    await clock.run(10_000);
    expect(playout.reserveMs).toBe(0);
    expect(playout.released?.sequence).toBe(4);
    append();
    expect(playout.released?.sequence).toBe(5);
    expect(playout.reserveMs).toBe(500);
  });

  it('never runs past the newest, never falls more than the reserve behind, never goes back', () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 6000 }), count: fc.integer({ min: 0, max: 12 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 8000 }), (steps, reserveMs) => {
        const { append, clock, playout, buffer, releases } = setUp({ ms: reserveMs });
        for (const { waitMs, count } of steps) {
          clock.advance(waitMs);
          append(count);
          if (!buffer.newest) continue;
          expect(playout.reserveMs).toBeGreaterThanOrEqual(0);
          expect(playout.reserveMs).toBeLessThanOrEqual(reserveMs + 0.001);
          const behindMs = (buffer.newest.mediaTimeUs - playout.released!.mediaTimeUs) / 1000;
          expect(behindMs).toBeLessThanOrEqual(reserveMs);
        }
        const order = releases.map(({ sequence }) => sequence);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  it('tells of audio that was evicted before it was due', () => {
    const { append, playout, evicted } = setUp({ ms: 10_000 }, 'now', 16_000); // holds 5 s
    append(10);
    expect(evicted).toEqual([]);
    append(3); // 1, which was due, 2 and 3 are evicted
    expect(playout.released?.sequence).toBe(1);
    expect(evicted).toEqual([500, 500]);
    expect(playout.reserveMs).toBeLessThanOrEqual(10_000);
  });

  it('does not wait for a reserve that the buffer cannot hold until audio is evicted', () => {
    const { append, clock, playout, evicted } = setUp({ ms: 10_000 }, 'now', 16_000); // holds 5 s
    append(10);
    for (let count = 0; count < 2 * 3600; count++) {
      clock.advance(1000);
      append(2);
    }
    expect(playout.sourceClock.confident).toBe(true);
    expect(evicted).toEqual([]);
    expect(playout.reserveMs).toBeCloseTo(4000, -3);
  });

  it('starts although the reserve is larger than what the buffer may hold', async () => {
    const { append, clock, playout } = setUp({ ms: 20_000 }, 'full', 16_000);
    append(10);
    expect(playout.released).toBeUndefined();
    append(1);
    await clock.run(500);
    expect(playout.released?.sequence).toBe(2);
  });

  it.each([
    ['fast', 499.5],
    ['slow', 500.5],
  ])('bears for hours a source whose clock is 0.1 %% %s', async (kind, periodMs) => {
    const { append, clock, playout, releases } = setUp({ ms: 20_000 });
    append(40);
    let lowestMs = Number.POSITIVE_INFINITY;
    let highestMs = 0;
    const hours = 3;
    for (let elapsedMs = 0; elapsedMs < hours * 3_600_000; elapsedMs += periodMs) {
      clock.advance(periodMs);
      append();
      lowestMs = Math.min(lowestMs, playout.reserveMs);
      highestMs = Math.max(highestMs, playout.reserveMs);
    }
    expect(highestMs).toBeLessThanOrEqual(20_000.001);
    expect(lowestMs).toBeGreaterThan(19_000);
    expect(playout.reserveMs).toBeCloseTo(19_900, -2);
    expect(playout.sourceClock).toMatchObject({ confident: true });
    expect(playout.sourceClock.drift * 1e6).toBeCloseTo(kind === 'fast' ? 1000 : -1000, -1);
    const pausesMs = releases.slice(100).map(({ atMs }, index) => atMs - releases[index + 99]!.atMs);
    expect(Math.max(...pausesMs)).toBeLessThan(1010);
    expect(clock.pendingCount).toBeLessThanOrEqual(1);
  });

  it('leaves no timer behind', () => {
    const { append, clock, playout } = setUp({ ms: 5000 });
    append(10);
    playout.close();
    expect(clock.pendingCount).toBe(0);
  });
});
