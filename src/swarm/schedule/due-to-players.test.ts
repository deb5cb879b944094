import { describe, expect, it } from 'vitest';
import { planTransfers } from './plan.ts';
import { seededRandom } from './seeded-random.ts';
import { SERVER, Swarm } from './swarm.ts';

const CHUNK = 1000;
const LINE = { upBytesPerSecond: 4000, downBytesPerSecond: 40_000, reachable: true, wants: true };

function swarmOf(chunks: number): Swarm {
  const options = { chunkBytes: CHUNK, windowChunks: chunks, live: false, orderAheadMs: 300 };
  return new Swarm({ ...options, serverUpBytesPerSecond: 8000 });
}

function plan(swarm: Swarm, nowMs = 0, seed = 1) {
  return planTransfers(swarm, { nowMs, random: seededRandom(seed) });
}

describe('a plan for players of a file', () => {
  it('brings first what is played next, however rare the rest is', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const swarm = swarmOf(64);
      const seeder = swarm.join({ ...LINE, wants: false });
      const other = swarm.join({ ...LINE, wants: false, upBytesPerSecond: 0 });
      for (let chunk = 0; chunk < 12; chunk++) swarm.hold(seeder, chunk);
      for (let chunk = 0; chunk < 4; chunk++) swarm.hold(other, chunk);
      const player = swarm.join({ ...LINE, inOrder: true });
      swarm.followPlayers(0);
      plan(swarm, 1900, seed);
      const nowMs = 2000;
      for (const transfer of [...swarm.takenBy(player)]) swarm.finish(transfer, false, nowMs);
      const first = plan(swarm, nowMs, seed).find(({ giver }) => giver === seeder);
      expect(first).toEqual({ giver: seeder, taker: player, chunk: 0 });
    }
  });

  it('lets the server send at once what is due and no peer is free to give', () => {
    const swarm = swarmOf(64);
    const slow = swarm.join({ ...LINE, wants: false });
    swarm.hold(slow, 0);
    swarm.limitGiving(slow, 0);
    const player = swarm.join({ ...LINE, inOrder: true });
    swarm.followPlayers(0);
    expect(plan(swarm, 1900)[0]).toEqual({ giver: SERVER, taker: player, chunk: 0 });
  });

  it('goes on sending new chunks while many wait for old ones', () => {
    const swarm = swarmOf(320);
    const holder = swarm.join({ ...LINE, wants: false });
    for (let chunk = 0; chunk < 4; chunk++) swarm.hold(holder, chunk);
    swarm.limitGiving(holder, 0);
    for (let count = 0; count < 20; count++) swarm.join({ ...LINE, inOrder: true });
    let sent = 0;
    for (let nowMs = 0; nowMs < 5000; nowMs += 100) {
      for (const transfer of plan(swarm, nowMs)) {
        if (transfer.giver === SERVER) sent++;
        swarm.finish(transfer, true, nowMs + 100);
      }
    }
    expect(sent).toBeGreaterThan(35);
    expect(swarm.players.rescued).toBeGreaterThan(0);
    expect(swarm.players.rescued).toBeLessThanOrEqual(2 + 0.2 * sent);
  });

  it('spreads new chunks over all players, not over the foremost', () => {
    const swarm = swarmOf(320);
    const foremost = swarm.join({ ...LINE, inOrder: true, upBytesPerSecond: 0 });
    for (let chunk = 0; chunk < 60; chunk++) swarm.hold(foremost, chunk);
    for (let count = 0; count < 9; count++) {
      const player = swarm.join({ ...LINE, inOrder: true });
      for (let chunk = 0; chunk < 30; chunk++) swarm.hold(player, chunk);
    }
    const takers = new Set<number>();
    for (let nowMs = 0; nowMs < 3000; nowMs += 100) {
      for (const transfer of plan(swarm, nowMs)) {
        if (transfer.giver === SERVER && transfer.chunk >= 60) takers.add(transfer.taker);
        swarm.finish(transfer, true, nowMs + 100);
      }
    }
    expect(takers.size).toBeGreaterThan(3);
  });
});
