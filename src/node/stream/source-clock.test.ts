import { describe, expect, it } from 'vitest';
import { type Arrival, type LateAudioOptions, lateAudio } from '../../../test/support/late-audio.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { SourceClock } from './source-clock.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;

interface Reading {
  readonly atMs: number;
  readonly ppm: number;
  readonly confident: boolean;
}

/** What the clock said at the end of each interval. */
function readings(
  options: Partial<LateAudioOptions> & { durationMs: number },
  change: (arrival: Arrival, clock: SourceClock) => Arrival = (arrival) => arrival,
): Reading[] {
  const random = seededRandom(3);
  const clock = new SourceClock();
  const found: Reading[] = [];
  const audio = lateAudio({ driftPpm: 0, fragmentMs: () => 1000, delayMs: () => random() * 50, ...options });
  for (const arrival of audio) {
    const { endMs, atMs } = change(arrival, clock);
    if (clock.arrived(endMs, atMs)) found.push({ atMs, ppm: clock.drift * 1e6, confident: clock.confident });
  }
  return found;
}

const worstPpm = (found: readonly Reading[], ppm: number, fromMs = 0) =>
  Math.max(...found.filter(({ atMs }) => atMs >= fromMs).map((reading) => Math.abs(reading.ppm - ppm)));
const worstWhenConfident = (found: readonly Reading[], ppm: number) =>
  worstPpm(
    found.filter(({ confident }) => confident),
    ppm,
  );
const confidentAtMs = (found: readonly Reading[]) => found.find(({ confident }) => confident)?.atMs;

describe('SourceClock', () => {
  it.each([-1000, -100, -20, 0, 20, 100, 1000])(
    'measures a clock that is %d ppm off, within 300 ms of jitter',
    (ppm) => {
      const random = seededRandom(ppm + 5000);
      const found = readings({ driftPpm: ppm, durationMs: 5 * HOUR, delayMs: () => random() * 300 });
      expect(worstPpm(found, ppm, HOUR)).toBeLessThan(5);
      expect(worstPpm(found, ppm, 4 * HOUR)).toBeLessThan(1);
      expect(confidentAtMs(found)).toBeGreaterThan(4 * MINUTE);
    },
  );

  it('says nothing before there is evidence', () => {
    const found = readings({ driftPpm: 200, durationMs: 4 * MINUTE });
    expect(found.every(({ ppm, confident }) => ppm === 0 && !confident)).toBe(true);
  });

  it('is not misled by a burst at the start', () => {
    const found = readings({ driftPpm: 30, durationMs: HOUR, outages: [{ fromMs: 0, toMs: MINUTE }] });
    expect(worstWhenConfident(found, 30)).toBeLessThan(5);
  });

  it('is not misled by a reserve that fills slowly at the start', () => {
    const outages = [{ fromMs: 0, toMs: MINUTE }]; // full after 20 minutes
    const found = readings({ driftPpm: 30, durationMs: 2 * HOUR, outages, capacity: 1.05 });
    expect(worstWhenConfident(found, 30)).toBeLessThan(8);
    expect(confidentAtMs(found)).toBeLessThan(40 * MINUTE);
  });

  it.each([Number.POSITIVE_INFINITY, 3])(
    'is not misled by 12 s of every 20 s without a line (capacity %d)',
    (capacity) => {
      const outages = Array.from({ length: 540 }, (_, index) => ({
        fromMs: index * 20e3 + 8e3,
        toMs: index * 20e3 + 20e3,
      }));
      const found = readings({ driftPpm: -40, durationMs: 3 * HOUR, outages, capacity });
      expect(worstWhenConfident(found, -40)).toBeLessThan(5);
      expect(confidentAtMs(found)).toBeLessThan(40 * MINUTE);
    },
  );

  it.each([
    ['at once', Number.POSITIVE_INFINITY],
    ['slowly', 1.05],
  ])('keeps what it knows over an outage of 40 minutes that is made up for %s', (_, capacity) => {
    const outages = [{ fromMs: HOUR, toMs: HOUR + 40 * MINUTE }];
    const found = readings({ driftPpm: 60, durationMs: 18 * HOUR, outages, capacity });
    expect(worstPpm(found, 60, HOUR)).toBeLessThan(4);
  });

  it('measures through lumps of five seconds', () => {
    const found = readings({ driftPpm: 25, durationMs: 2 * HOUR, fragmentMs: () => 5000 });
    expect(worstWhenConfident(found, 25)).toBeLessThan(3);
  });

  it('takes hours over lumps that are fetched at a pace of their own, and is right then', () => {
    const fetched = (arrival: Arrival) => ({ ...arrival, atMs: Math.ceil(arrival.atMs / 1003) * 1003 });
    const found = readings({ driftPpm: 0, durationMs: 10 * HOUR, fragmentMs: () => 5000, delayMs: () => 0 }, fetched);
    expect(worstWhenConfident(found, 0)).toBeLessThan(3);
    expect(confidentAtMs(found)).toBeLessThan(8 * HOUR);
  });

  it.each([10_000, 1000, -400, -1000])('keeps what it knows when the audio jumps by %d ms', (stepMs) => {
    const found = readings({ driftPpm: 15, durationMs: 9 * HOUR }, (arrival) =>
      arrival.atMs < 3 * HOUR ? arrival : { ...arrival, endMs: arrival.endMs + stepMs },
    );
    expect(worstPpm(found, 15, HOUR)).toBeLessThan(2);
  });

  it('is not misled by a way that is two seconds longer for an hour of every three', () => {
    const delayMs = (madeMs: number) => (madeMs % (3 * HOUR) > 2 * HOUR ? 2000 : 0);
    expect(worstWhenConfident(readings({ driftPpm: 0, durationMs: 13 * HOUR, delayMs }), 0)).toBeLessThan(2);
  });

  it('finds no drift in audio that is paced by our own clock', () => {
    const found = readings({ durationMs: HOUR, delayMs: (madeMs) => madeMs % 130 });
    expect(worstPpm(found, 0)).toBeLessThan(1);
    expect(found.at(-1)).toMatchObject({ confident: true });
  });

  it('knows the clock beyond a break, and learns that it is another one', () => {
    let madeAnew = false;
    let offsetMs = 0;
    const found = readings({ driftPpm: 80, durationMs: 6 * HOUR }, (arrival, clock) => {
      if (arrival.atMs < 2 * HOUR) return arrival;
      if (!madeAnew) clock.restart();
      madeAnew = true;
      offsetMs = 180e-6 * (arrival.atMs - 2 * HOUR) + 7000; // now 100 ppm slow, and other audio
      return { ...arrival, endMs: arrival.endMs - offsetMs };
    });
    const after = found.filter(({ atMs }) => atMs > 2 * HOUR);
    expect(after[0]!.ppm).toBeCloseTo(80, 0);
    expect(after.every(({ confident }) => confident)).toBe(true);
    expect(worstPpm(found, -100, 2.5 * HOUR)).toBeLessThan(5);
  });

  it('tells where the source is while its audio is late', () => {
    const clock = new SourceClock();
    const options = { driftPpm: 50, durationMs: 3 * HOUR, fragmentMs: () => 1000 };
    for (const { endMs, atMs } of lateAudio(options)) clock.arrived(endMs, atMs);
    expect(clock.reachedMs(3 * HOUR)).toBeCloseTo(3 * HOUR * (1 + 50e-6), 0);
    for (let atMs = 3 * HOUR; atMs < 3 * HOUR + 20 * MINUTE; atMs += 1000) clock.arrived(atMs - 9000, atMs);
    expect(clock.reachedMs(4 * HOUR)).toBeCloseTo(4 * HOUR * (1 + 50e-6), 0);
    clock.restart();
    expect(clock.reachedMs(4 * HOUR)).toBeUndefined();
  });
});
