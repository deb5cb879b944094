import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FragmentSource } from '../../../test/support/frames.ts';
import { type Arrival, lateAudio } from '../../../test/support/late-audio.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { FragmentBuffer } from '../../core/fragment-buffer.ts';
import { Playout } from './playout.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RESERVE_MS = 25_000;

interface Release {
  readonly sequence: number;
  readonly atMs: number;
  readonly mediaMs: number;
}

/** Plays the arrivals through a buffer that holds no more than the reserve; `look` is called after each. */
function play(
  arrivals: Iterable<Arrival>,
  look: (playout: Playout, atMs: number) => void = () => {},
  reserveMs = RESERVE_MS,
) {
  const clock = new FakeClock();
  const buffer = new FragmentBuffer({ keepMs: RESERVE_MS, maxBytes: 1e9 });
  const source = new FragmentSource();
  const template = source.next();
  const releases: Release[] = [];
  let evicted = 0;
  let released = 0;
  const playout: Playout = new Playout({
    clock,
    buffer,
    reserve: { ms: reserveMs },
    start: 'full',
    onRelease: () => {
      for (const fragment of buffer.from(released + 1)) {
        if (fragment.sequence > playout.released!.sequence) break;
        releases.push({
          sequence: fragment.sequence,
          atMs: clock.nowMs(),
          mediaMs: fragment.mediaTimeUs / 1000,
        });
        released = fragment.sequence;
      }
    },
    onEvicted: () => evicted++,
  });
  let sequence = 0;
  for (const { atMs, endMs, durationMs } of arrivals) {
    clock.advance(atMs - clock.nowMs());
    const mediaTimeUs = (endMs - durationMs) * 1000;
    const fragment = { ...template, sequence: ++sequence, mediaTimeUs, durationUs: durationMs * 1000 };
    buffer.append(fragment);
    playout.appended(fragment);
    look(playout, atMs);
  }
  return { playout, releases, appended: sequence, evicted };
}

/** Coarse, so that a week passes quickly; finer at first, when there is little to measure by. */
const fragmentMs = (madeMs: number) => (madeMs < 2 * HOUR ? 2000 : 10_000);

function expectSteady(releases: readonly Release[], fromMs: number): void {
  for (let index = 1; index < releases.length; index++) {
    const [before, now] = [releases[index - 1]!, releases[index]!];
    if (now.sequence !== before.sequence + 1) expect(now.sequence).toBe(before.sequence + 1);
    if (before.atMs < fromMs) continue;
    const mediaMs = now.mediaMs - before.mediaMs;
    // Timers wait at least 1 ms, and half a millisecond is let pass.
    const offMs = Math.abs(now.atMs - before.atMs - mediaMs) - 1.5;
    if (offMs > mediaMs * 2000e-6) expect({ before, now }).toBe('a pace within 2000 ppm');
  }
}

describe('Playout of a source whose clock is off', () => {
  it.each([-1000, -100, -20, 0, 20, 100, 1000])('holds the reserve for a week at %d ppm, with jitter', (driftPpm) => {
    const random = seededRandom(driftPpm + 2000);
    let lowestMs = Number.POSITIVE_INFINITY;
    let highestMs = 0;
    let worstAfterHour = 0;
    let worstAfterDay = 0;
    const arrivals = lateAudio({ driftPpm, durationMs: 7 * DAY, fragmentMs, delayMs: () => random() * 300 });
    const { releases, appended, evicted } = play(arrivals, (playout, atMs) => {
      if (atMs < MINUTE) return;
      lowestMs = Math.min(lowestMs, playout.reserveMs);
      highestMs = Math.max(highestMs, playout.reserveMs);
      const offPpm = Math.abs(playout.sourceClock.drift * 1e6 - driftPpm);
      if (atMs > HOUR) worstAfterHour = Math.max(worstAfterHour, offPpm);
      if (atMs > DAY) worstAfterDay = Math.max(worstAfterDay, offPpm);
    });
    // The delay of each fragment lowers the reserve for as long.
    expect(lowestMs).toBeGreaterThan(RESERVE_MS - 500 - 300);
    expect(highestMs).toBeLessThanOrEqual(RESERVE_MS + 0.001);
    expect(worstAfterHour).toBeLessThan(5);
    expect(worstAfterDay).toBeLessThan(2);
    expect(evicted).toBe(0);
    expect(releases.at(-1)!.sequence).toBeGreaterThan(appended - 14);
    expectSteady(releases, HOUR);
  });

  it.each([
    [-100, Number.POSITIVE_INFINITY],
    [-100, 1.05],
    [20, 1.05],
    [1000, 1.3],
  ])('is at its aim again after each outage (%d ppm, line of %d times the stream)', (driftPpm, capacity) => {
    const random = seededRandom(capacity === 1.05 ? 1 : 2);
    const outages = Array.from({ length: 84 }, (_, index) => {
      const fromMs = 40 * MINUTE + index * 2 * HOUR + random() * HOUR;
      return { fromMs, toMs: fromMs + random() * 14_000 };
    });
    const calm = calmTimes(outages, capacity);
    let lowestMs = Number.POSITIVE_INFINITY;
    let worstPpm = 0;
    let knownAtMs = Number.POSITIVE_INFINITY;
    const delayMs = () => random() * 300;
    const arrivals = lateAudio({ driftPpm, durationMs: 7 * DAY, fragmentMs, delayMs, capacity, outages });
    const { playout, releases, appended, evicted } = play(arrivals, ({ reserveMs, sourceClock }, atMs) => {
      if (sourceClock.confident) knownAtMs = Math.min(knownAtMs, atMs);
      if (atMs > DAY) worstPpm = Math.max(worstPpm, Math.abs(sourceClock.drift * 1e6 - driftPpm));
      if (atMs > MINUTE && calm(atMs)) lowestMs = Math.min(lowestMs, reserveMs);
    });
    expect(lowestMs).toBeGreaterThan(RESERVE_MS - 500 - 300);
    expect(worstPpm).toBeLessThan(2);
    expect(playout.targetMs).toBe(RESERVE_MS);
    expect(evicted).toBe(0);
    expect(releases.at(-1)!.sequence).toBeGreaterThan(appended - 14);
    expect(knownAtMs).toBeLessThan(3 * HOUR);
    expectSteady(releases, knownAtMs + HOUR);
  });

  it('fills a reserve that lost audio so slowly that no player runs dry', () => {
    const lostMs = 8000;
    const made = lateAudio({ driftPpm: 0, durationMs: 3 * DAY, fragmentMs });
    const arrivals = Array.from(made, (arrival) => {
      return arrival.atMs < 3 * HOUR ? arrival : { ...arrival, atMs: arrival.atMs + lostMs };
    });
    let lowestMs = Number.POSITIVE_INFINITY;
    const { playout, releases } = play(arrivals, ({ reserveMs }, atMs) => {
      if (atMs > HOUR) lowestMs = Math.min(lowestMs, reserveMs);
    });
    expect(lowestMs).toBeGreaterThan(RESERVE_MS - lostMs - 1000);
    expect(playout.reserveMs).toBeGreaterThan(RESERVE_MS - 500);
    const [dayOne, dayTwo] = [DAY, 1.5 * DAY].map((ms) => releases.find(({ atMs }) => atMs >= ms)!);
    const rate = (dayTwo!.mediaMs - dayOne!.mediaMs) / (dayTwo!.atMs - dayOne!.atMs);
    expect(rate).toBeGreaterThan(1 - 101e-6);
  });

  it('passes audio on as it comes where there is no reserve, and measures its clock', () => {
    const random = seededRandom(9);
    const arrivals = [...lateAudio({ driftPpm: -400, durationMs: HOUR, fragmentMs, delayMs: () => random() * 300 })];
    const { playout, releases } = play(arrivals, () => {}, 0);
    expect(releases.map(({ atMs }) => atMs)).toEqual(arrivals.map(({ atMs }) => atMs));
    expect(playout.sourceClock.drift * 1e6).toBeCloseTo(-400, -1);
  });

  it('goes with each input at its own rate', () => {
    const clock = new FakeClock();
    const buffer = new FragmentBuffer({ keepMs: RESERVE_MS, maxBytes: 1e9 });
    const playout = new Playout({
      clock,
      buffer,
      reserve: { ms: RESERVE_MS },
      start: 'full',
      onRelease: () => {},
      onEvicted: () => {},
    });
    const template = new FragmentSource().next();
    let sequence = 0;
    const feed = (source: number, ppm: number, minutes: number) => {
      for (let count = 0; count < minutes * 60; count++) {
        clock.advance(1000 / (1 + ppm * 1e-6));
        const isSwitch = count === 0 && sequence > 0;
        const fragment = {
          ...template,
          sequence: ++sequence,
          mediaTimeUs: sequence * 1e6,
          durationUs: 1e6,
          discontinuity: isSwitch ? ({ cause: 'input-switch', lostMs: undefined } as const) : undefined,
        };
        buffer.append(fragment);
        playout.appended(fragment, source);
      }
      return Math.round(playout.sourceClock.drift * 1e6);
    };
    expect(feed(0, 90, 60)).toBe(90);
    expect(feed(1, 0, 1)).toBe(0);
    expect(playout.sourceClock.confident).toBe(false);
    expect(feed(1, -300, 60)).toBe(-300);
    expect(feed(0, 90, 1)).toBe(90);
    expect(playout.sourceClock.confident).toBe(true);
  });
});

/** Whether a time is neither in an outage nor in its refill. */
function calmTimes(outages: readonly { fromMs: number; toMs: number }[], capacity: number) {
  let next = 0;
  return (atMs: number) => {
    const quietAtMs = ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
      toMs + (toMs - fromMs) / (capacity - 1.001) + MINUTE;
    while (outages[next] && quietAtMs(outages[next]!) < atMs) next++;
    return !outages[next] || atMs < outages[next]!.fromMs;
  };
}
