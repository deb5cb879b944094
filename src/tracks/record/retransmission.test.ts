import { describe, expect, it } from 'vitest';
import { Retransmission } from './retransmission.ts';

function flow(bitsPerSecond = 1_152_000) {
  let missing: number[] = [];
  const line = { oldestUseful: 0, missingSequences: (limit: number) => missing.slice(0, limit) };
  const requests = new Retransmission(line, 1000, bitsPerSecond);
  const miss = (...sequences: number[]) => {
    missing = sequences;
  };
  return { line, requests, miss };
}

describe('Retransmission', () => {
  it('asks for what is missing after a moment, again after a while, and counts what came', () => {
    const { requests, miss } = flow();
    miss(7, 9);
    expect(requests.due(0)).toEqual([]);
    expect(requests.due(20)).toEqual([7, 9]);
    expect(requests.due(60)).toEqual([]);
    miss(9);
    expect(requests.due(80)).toEqual([]);
    expect(requests.repaired).toBe(1);
    expect(requests.due(120)).toEqual([9]);
  });

  it('does not count what went because its time was over', () => {
    const { line, requests, miss } = flow();
    miss(7);
    requests.due(0);
    requests.due(20);
    miss();
    line.oldestUseful = 8;
    requests.due(1100);
    expect(requests.repaired).toBe(0);
  });

  it('leaves a sender alone that never answers', () => {
    const { line, requests, miss } = flow();
    let asked = 0;
    for (let now = 0; now < 60_000; now += 20) {
      const first = Math.floor(now / 100) * 10;
      line.oldestUseful = first;
      miss(...Array.from({ length: 100 }, (_, index) => first + index));
      asked += requests.due(now).length;
    }
    expect(asked).toBeGreaterThan(100);
    expect(asked).toBeLessThan(20_000);
  });

  it('stays within the share of RTCP when all is lost', () => {
    // What comes at once at the beginning is a second's worth.
    for (const [bitsPerSecond, perSecond] of [
      [1_152_000, 1000],
      [256_000, 200],
      [64_000, 50],
    ] as const) {
      const { requests, line, miss } = flow(bitsPerSecond);
      let asked = 0;
      for (let now = 0; now < 10_000; now += 50) {
        line.oldestUseful = now;
        miss(...Array.from({ length: 200 }, (_, index) => now + index));
        asked += requests.due(now).length;
      }
      expect(asked).toBeLessThanOrEqual(11 * perSecond);
    }
  });
});
