import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTransfers } from './plan.ts';
import { seededRandom } from './seeded-random.ts';
import { SERVER, Swarm } from './swarm.ts';
import type { Transfer } from './transfer-lists.ts';

const CHUNK = 1000;

interface World {
  readonly chunks: number;
  readonly seed: number;
  readonly peers: readonly { up: number; reachable: boolean; wants: boolean; holds: readonly number[] }[];
}

const worlds: fc.Arbitrary<World> = fc.record({
  chunks: fc.integer({ min: 1, max: 70 }),
  seed: fc.nat(),
  peers: fc.array(
    fc.record({
      up: fc.constantFrom(0, 1000, 4000, 50_000),
      reachable: fc.boolean(),
      wants: fc.boolean(),
      holds: fc.array(fc.nat(69), { maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

function build({ chunks, peers }: World): Swarm {
  const options = { chunkBytes: CHUNK, windowChunks: chunks, live: false, orderAheadMs: 50 };
  const swarm = new Swarm({ ...options, serverUpBytesPerSecond: 8000 }, 2);
  for (const { up, reachable, wants, holds } of peers) {
    const row = swarm.join({ upBytesPerSecond: up, downBytesPerSecond: 40_000, reachable, wants });
    for (const chunk of holds) if (chunk < chunks) swarm.hold(row, chunk);
  }
  return swarm;
}

describe('planTransfers of a leased stream', () => {
  /** Takers that play their first chunk at these times, and nobody to give but the server: four chunks a second. */
  function stream(playsAtMs: readonly number[]) {
    const options = { chunkBytes: CHUNK, windowChunks: 32, live: true, chunkDurationMs: 250, orderAheadMs: 250 };
    const swarm = new Swarm({ ...options, serverUpBytesPerSecond: 4000 });
    const line = { upBytesPerSecond: 0, downBytesPerSecond: 1e6, reachable: true, wants: true };
    const rows = playsAtMs.map((playsFirstChunkAtMs) => swarm.join({ ...line, playsFirstChunkAtMs }));
    swarm.advance(0, 1);
    return { swarm, rows };
  }
  const times = { nowMs: 0, urgentMs: 2400, rescueMs: 900, leased: true };

  it('orders what is due first, when not all can be in time', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { swarm, rows } = stream([870, 860, 500, 840]);
      const orders = planTransfers(swarm, { ...times, random: seededRandom(seed) });
      expect(orders.map(({ taker }) => taker)).toEqual([rows[2], rows[3]]);
    }
  });

  it('waits for what a lease may bring, but not longer than the server needs', () => {
    const { swarm, rows } = stream([2000]);
    const giver = swarm.join({ upBytesPerSecond: 8000, downBytesPerSecond: 0, reachable: true, wants: false });
    swarm.hold(giver, 0);
    const plan = (nowMs: number, isExpected: boolean) =>
      planTransfers(swarm, { ...times, nowMs, random: seededRandom(1), expects: () => isExpected });
    expect(plan(0, true)).toEqual([]);
    expect(plan(1000, true)).toEqual([]);
    expect(plan(1100, true)).toEqual([{ giver: SERVER, taker: rows[0], chunk: 0 }]);
    swarm.finish({ giver: SERVER, taker: rows[0]!, chunk: 0 }, false, 1100);
    expect(plan(0, false)).toEqual([{ giver, taker: rows[0], chunk: 0 }]);
  });
});

describe('planTransfers', () => {
  it('never orders what the giver does not have, the taker has or gets, or what cannot be connected', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const swarm = build(world);
        const before = new Set<string>();
        world.peers.forEach((_, index) => {
          for (let chunk = 0; chunk < world.chunks; chunk++) {
            if (swarm.has(index + 1, chunk)) before.add(`${index + 1} ${chunk}`);
          }
        });
        const seen = new Set<string>();
        for (const { giver, taker, chunk } of planTransfers(swarm, { nowMs: 0, random: seededRandom(world.seed) })) {
          expect(giver).not.toBe(taker);
          expect(giver === SERVER || before.has(`${giver} ${chunk}`)).toBe(true);
          expect(before.has(`${taker} ${chunk}`)).toBe(false);
          expect(seen.has(`${taker} ${chunk}`)).toBe(false);
          seen.add(`${taker} ${chunk}`);
          expect(world.peers[taker - 1]!.wants).toBe(true);
          const openGiver = giver === SERVER || world.peers[giver - 1]!.reachable;
          expect(openGiver || world.peers[taker - 1]!.reachable).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never gives a peer more than its limit, nor anything one that only takes or was excluded', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const swarm = build(world);
        swarm.limitGiving(1, 0);
        const given = new Map<number, number>();
        for (const { giver } of planTransfers(swarm, { nowMs: 0, random: seededRandom(world.seed) })) {
          given.set(giver, (given.get(giver) ?? 0) + 1);
        }
        for (const [giver, count] of given) {
          expect(giver).not.toBe(1);
          const up = giver === SERVER ? 8000 : world.peers[giver - 1]!.up;
          expect(up).toBeGreaterThan(0);
          // Orders for the next 50 ms, and the one that runs.
          expect(count).toBeLessThanOrEqual(2 + Math.ceil((75 * up) / 1000 / CHUNK));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('goes on until everybody has everything, whatever fails once', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 2, max: 9 }), (world, failsEvery) => {
        const swarm = build(world);
        const random = seededRandom(world.seed);
        let count = 0;
        for (let nowMs = 0; swarm.totalNeeded > 0; nowMs += 500) {
          expect(nowMs).toBeLessThan(2_000_000);
          for (const transfer of planTransfers(swarm, { nowMs, random })) {
            swarm.finish(transfer, ++count % failsEvery !== 0, nowMs + 400);
          }
        }
        world.peers.forEach(({ wants }, index) => {
          for (let chunk = 0; wants && chunk < world.chunks; chunk++) expect(swarm.has(index + 1, chunk)).toBe(true);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('plans the same for the same seed', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const plan = () => planTransfers(build(world), { nowMs: 5, random: seededRandom(world.seed) });
        expect(plan()).toEqual(plan());
      }),
      { numRuns: 60 },
    );
  });

  it('gives the rarest chunk first, to the taker with the best uplink', () => {
    const options = { chunkBytes: CHUNK, windowChunks: 2, live: true, serverUpBytesPerSecond: 1000, orderAheadMs: 10 };
    const swarm = new Swarm(options);
    swarm.limitGiving(SERVER, 0);
    swarm.advance(0, 2);
    const [giver, slow, fast] = [1000, 500, 5000].map((upBytesPerSecond) =>
      swarm.join({ upBytesPerSecond, downBytesPerSecond: 9000, reachable: true, wants: true }),
    ) as [number, number, number];
    swarm.hold(giver, 0);
    swarm.hold(giver, 1);
    swarm.hold(slow, 0);
    const plan = planTransfers(swarm, { nowMs: 0, random: () => 0 });
    expect(plan.filter((one) => one.giver === giver)).toEqual([{ giver, taker: fast, chunk: 1 }]);
  });

  it('lets the server rescue what no peer can bring before it is due', () => {
    const swarm = new Swarm({
      chunkBytes: CHUNK,
      windowChunks: 32,
      live: true,
      chunkDurationMs: 1000,
      serverUpBytesPerSecond: 10_000,
      orderAheadMs: 20,
    });
    swarm.advance(0, 1);
    const setup = { upBytesPerSecond: 100, downBytesPerSecond: 9000, reachable: true, wants: true };
    const holder = swarm.join(setup);
    const taker = swarm.join({ ...setup, playsFirstChunkAtMs: 3000 });
    swarm.hold(holder, 0);
    const plan = (nowMs: number): Transfer[] => planTransfers(swarm, { nowMs, random: () => 0, leased: true });
    expect(plan(1000)).toEqual([]);
    expect(plan(2500)).toEqual([{ giver: SERVER, taker, chunk: 0 }]);
    expect(plan(2500)).toEqual([]);
  });
});
