import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaseTrees } from './leases.ts';
import { seededRandom } from './seeded-random.ts';

const SUBSTREAMS = 4;

function trees(seed: number, mayMeet: (giver: number, taker: number) => boolean = () => true): LeaseTrees {
  return new LeaseTrees({
    substreams: SUBSTREAMS,
    chunkBytes: 4000,
    streamBytesPerSecond: 16_000,
    serverUpBytesPerSecond: 64_000,
    random: seededRandom(seed),
    mayMeet,
  });
}

function connected(leases: LeaseTrees, rows: readonly number[]): number {
  let count = 0;
  for (const row of rows) for (let k = 0; k < SUBSTREAMS; k++) if (leases.isConnected(row, k)) count++;
  return count;
}

describe('LeaseTrees', () => {
  it('brings each sub-stream to each peer, and again after half of them left', () => {
    const leases = trees(1);
    const rows = Array.from({ length: 60 }, (_, index) => index + 1);
    for (const row of rows) leases.join(row, 32_000);
    for (let round = 0; round < 20; round++) leases.replan(round);
    expect(connected(leases, rows)).toBe(60 * SUBSTREAMS);
    for (const row of rows.filter((one) => one % 2 === 0)) leases.leave(row);
    for (let round = 0; round < 20; round++) leases.replan(round);
    const left = rows.filter((one) => one % 2 === 1);
    expect(connected(leases, left)).toBe(left.length * SUBSTREAMS);
  });

  it('keeps branches short: each peer passes on one sub-stream and is the end of a branch of others', () => {
    const leases = trees(3);
    const rows = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const row of rows) {
      leases.join(row, 28_800);
      leases.replan(row);
    }
    for (let round = 0; round < 300; round++) leases.replan(round);
    const depths = rows.flatMap((row) => {
      return Array.from({ length: SUBSTREAMS }, (_, substream) => {
        let depth = 0;
        for (let at: number | undefined = row; at !== undefined && at !== 0; at = leases.giverOf(at, substream))
          depth++;
        return depth;
      });
    });
    expect(Math.max(...depths)).toBeLessThanOrEqual(5);
    expect(depths.reduce((sum, depth) => sum + depth) / depths.length).toBeLessThan(3.2);
    const passedOn = rows.map((row) => {
      return Array.from({ length: SUBSTREAMS }, (_, substream) => [...leases.takersOf(row, substream)].length);
    });
    const most = passedOn.reduce((sum, counts) => sum + Math.max(...counts), 0);
    const all = passedOn.flat().reduce((sum, count) => sum + count);
    expect(most / all).toBeGreaterThan(0.75);
  });

  it('takes nothing more from a peer that was convicted', () => {
    const leases = trees(2);
    for (let row = 1; row <= 20; row++) leases.join(row, 32_000);
    leases.replan(0);
    leases.limit(1, 0);
    for (let round = 0; round < 10; round++) leases.replan(round);
    expect(leases.used(1)).toBe(0);
    for (let k = 0; k < SUBSTREAMS; k++) expect(leases.isConnected(1, k)).toBe(true);
  });

  it('never leases more than a peer may give, never in a circle, never between peers that cannot meet', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom('join', 'leave', 'limit', 'replan'), fc.integer({ min: 1, max: 25 })),
      {
        maxLength: 60,
      },
    );
    const mayMeet = (giver: number, taker: number) => giver === 0 || (giver + taker) % 7 !== 0;
    fc.assert(
      fc.property(fc.nat(), steps, (seed, script) => {
        const leases = trees(seed, mayMeet);
        const units = new Map<number, number>();
        for (const [step, row] of script) {
          if (step === 'join' && !units.has(row)) {
            leases.join(row, 16_000);
            units.set(row, Math.floor((16_000 * 0.8 * SUBSTREAMS) / 16_000));
          } else if (step === 'leave' && units.delete(row)) leases.leave(row);
          else if (step === 'limit' && units.has(row)) {
            leases.limit(row, 1);
            units.set(row, 1);
          } else leases.replan(0);
        }
        for (const [row, limit] of units) {
          expect(leases.used(row)).toBeLessThanOrEqual(limit);
          for (let k = 0; k < SUBSTREAMS; k++) {
            for (const taker of leases.takersOf(row, k)) {
              expect(mayMeet(row, taker)).toBe(true);
              expect(units.has(taker)).toBe(true);
            }
            const path = new Set<number>();
            for (
              let at = [...leases.takersOf(row, k)];
              at.length > 0;
              at = at.flatMap((one) => [...leases.takersOf(one, k)])
            ) {
              for (const one of at) {
                expect(path.has(one)).toBe(false);
                path.add(one);
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
