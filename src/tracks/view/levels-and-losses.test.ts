import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../proof/histogram.ts';
import { LEVEL_FLOOR, LevelQueue } from './level-queue.ts';
import { LOSS, LossMap } from './loss-map.ts';
import { inOctaves } from './octaves.ts';

const RATE = 1000;
/** Frames of a slice at that rate. */
const SLICE = 50;

function samples(sampleBytes: 2 | 3 | 4, values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * sampleBytes);
  values.forEach((value, index) => void bytes.writeIntLE(value, index * sampleBytes, sampleBytes));
  return bytes;
}

const taken = (queue: LevelQueue) => {
  const levels: number[] = [];
  queue.take(levels);
  return levels;
};

describe('levels', () => {
  it.each([
    [2, 16_384],
    [3, 4_194_304],
    [4, 1_073_741_824],
  ] as const)('has peak and RMS of each channel in tenths of a dBFS, of samples of %i bytes', (sampleBytes, half) => {
    const queue = new LevelQueue({ sampleRate: RATE, channels: 2, sampleBytes });
    const quarter = half / 2;
    queue.note(
      samples(
        sampleBytes,
        Array.from({ length: SLICE }, (_, index) => [index % 2 ? half : -half, index === 7 ? quarter : 0]).flat(),
      ),
    );
    // The square root of a fiftieth is 17 dB.
    expect(taken(queue)).toEqual([-60, -60, 0, -120, -290, 0]);
  });

  it('tells one slice at a time, the last one again for half a second, and then silence', () => {
    const queue = new LevelQueue({ sampleRate: RATE, channels: 1, sampleBytes: 2 });
    expect(taken(queue)).toEqual([LEVEL_FLOOR, LEVEL_FLOOR, 0]);
    queue.note(samples(2, [...Array(SLICE).fill(32_767), ...Array(SLICE).fill(3277)]));
    expect(taken(queue)[0]).toBe(0);
    for (let again = 0; again < 10; again++) expect(taken(queue)[0]).toBe(-200);
    taken(queue);
    expect(taken(queue)[0]).toBe(LEVEL_FLOOR);
  });

  it('calls three samples at full scale a clip, also across portions, and one no clip', () => {
    const queue = new LevelQueue({ sampleRate: RATE, channels: 1, sampleBytes: 2 });
    queue.note(samples(2, [...Array(SLICE - 2).fill(0), 32_767, -32_768]));
    queue.note(samples(2, [32_767, ...Array(SLICE - 1).fill(0)]));
    queue.note(samples(2, [...Array(10).fill(0), 32_767, 32_767, ...Array(SLICE - 12).fill(0)]));
    expect([taken(queue)[2], taken(queue)[2], taken(queue)[2]]).toEqual([0, 1, 0]);
  });

  it('catches up without losing a peak, and never holds more than a few seconds', () => {
    const queue = new LevelQueue({ sampleRate: RATE, channels: 1, sampleBytes: 2 });
    for (let slice = 0; slice < 20; slice++) queue.note(samples(2, Array(SLICE).fill(slice === 5 ? 32_767 : 0)));
    expect(taken(queue)[0]).toBe(0);
    queue.silence(1e9);
    queue.note(samples(2, Array(SLICE).fill(3277)));
    const peaks = Array.from({ length: 20 }, () => taken(queue)[0]);
    expect(peaks).toContain(-200);
  });

  it('is the same however the samples are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 200, maxLength: 200 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 10 }),
        (values, cuts) => {
          const [whole, cut] = [0, 1].map(() => new LevelQueue({ sampleRate: RATE, channels: 1, sampleBytes: 2 }));
          whole!.note(samples(2, values));
          for (let at = 0, turn = 0; at < values.length; turn++) {
            const end = at + cuts[turn % cuts.length]!;
            cut!.note(samples(2, values.slice(at, end)));
            at = end;
          }
          for (let slice = 0; slice < 4; slice++) expect(taken(cut!)).toEqual(taken(whole!));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a loss map', () => {
  const cells = (map: LossMap) => Object.values(map.view().pieces).join('');

  it('tells of each moment the worst', () => {
    const map = new LossMap();
    map.mark(0, 2, LOSS.whole);
    map.mark(0.6, 0.7, LOSS.lost);
    map.mark(1.4, 1.6, LOSS.repaired);
    expect(map.view()).toEqual({ cellSeconds: 0.5, pieces: { 0: '1322' } });
  });

  it('folds when it is full, and forgets no loss', () => {
    const map = new LossMap();
    map.mark(3, 3.1, LOSS.lost);
    map.mark(0, 119, LOSS.whole);
    expect(map.view().cellSeconds).toBe(0.5);
    map.mark(119, 10_000, LOSS.whole);
    expect(map.view().cellSeconds).toBe(64);
    expect(cells(map)).toBe(`3${'1'.repeat(156)}`);
    map.mark(1e6, 1e6 + 1, LOSS.repaired);
    expect(cells(map)).toMatch(/^310*2$/);
    expect(cells(map).length).toBeLessThanOrEqual(240);
  });

  it('changes only in its newest piece while time goes on', () => {
    const map = new LossMap();
    map.mark(0, 40, LOSS.whole);
    const before = map.view().pieces;
    map.mark(40, 41, LOSS.whole);
    const after = map.view().pieces;
    expect(Object.keys(after).filter((piece) => after[piece] !== before[piece])).toEqual(['2']);
  });

  it('takes nothing that is no time', () => {
    const map = new LossMap();
    map.mark(5, 5, LOSS.lost);
    map.mark(-1, 2, LOSS.lost);
    map.mark(Number.NaN, 2, LOSS.lost);
    expect(cells(map)).toBe('');
  });
});

it('a histogram in octaves has the same counts in few bins', () => {
  const histogram = new Histogram();
  for (let us = 0; us < 5000; us += 3) histogram.record(us);
  histogram.record(70e6);
  const account = histogram.account();
  const small = inOctaves(account);
  expect(small.bins.reduce((sum, [, count]) => sum + count, 0)).toBe(account.count);
  expect(small.bins.length).toBeLessThan(15);
  expect(small.p99Us).toBe(account.p99Us);
  const below = (us: number, { bins }: typeof account) =>
    bins.filter(([end]) => end <= us).reduce((sum, [, count]) => sum + count, 0);
  expect(below(1024, small)).toBe(below(1024, account));
});
