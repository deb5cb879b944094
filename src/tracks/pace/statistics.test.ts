import { describe, expect, it } from 'vitest';
import { bucketEndMicroseconds, LATENESS_BUCKETS, latenessBucket } from './lateness.ts';
import { allocateStatistics, StatisticsReader, StatisticsWriter } from './statistics.ts';

describe('lateness', () => {
  it('counts in buckets that follow each other and are a sixteenth wide at most', () => {
    let previous = -1;
    for (let value = 0; value < 2 ** 22; value = Math.max(value + 1, Math.floor(value * 1.01))) {
      const bucket = latenessBucket(value);
      const end = bucketEndMicroseconds(bucket);
      expect(bucket).toBeGreaterThanOrEqual(previous);
      expect(end).toBeGreaterThan(value);
      expect(end - value).toBeLessThanOrEqual(Math.max(1, value / 16));
      previous = bucket;
    }
  });

  it('counts early as 0 and ages as the last bucket', () => {
    expect([latenessBucket(-5), latenessBucket(0.4), latenessBucket(1e12)]).toEqual([0, 0, LATENESS_BUCKETS - 1]);
    expect(bucketEndMicroseconds(LATENESS_BUCKETS - 1)).toBeGreaterThan(30e6);
  });
});

describe('statistics', () => {
  it('are read as they were counted', () => {
    const memory = allocateStatistics(2);
    const writer = new StatisticsWriter(memory, 2);
    const reader = new StatisticsReader(memory, 2);
    expect(reader.read().lateness).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
    for (let packet = 0; packet < 99; packet++) writer.countSent(1, 100, 7_000);
    writer.countSent(1, 50, 20_000_000);
    writer.countLost(0, 1);
    writer.countRefused(1, 0);
    writer.countUnderrun(0);
    writer.setNextSlot(1, 2 ** 40);
    const { lateness, behindMs, flows } = reader.read();
    expect([lateness.count, lateness.p50Ms, lateness.p99Ms, behindMs]).toEqual([100, 0.008, 0.008, 20]);
    expect(lateness.maxMs).toBeGreaterThan(20);
    expect(lateness.maxMs).toBeLessThan(21.3);
    const none = { lost: 0, refused: 0 };
    expect(flows).toEqual([
      {
        sent: 0,
        bytes: 0,
        lost: 1,
        refused: 0,
        underruns: 1,
        nextSlot: 0,
        destinations: [none, { lost: 1, refused: 0 }],
      },
      {
        sent: 100,
        bytes: 9950,
        lost: 0,
        refused: 1,
        underruns: 0,
        nextSlot: 2 ** 40,
        destinations: [{ lost: 0, refused: 1 }, none],
      },
    ]);
  });
});
