import { describe, expect, it } from 'vitest';
import { Swarm } from './swarm.ts';

const LINE = { upBytesPerSecond: 4000, downBytesPerSecond: 40_000, reachable: true, wants: true };

function swarmOf(chunks: number): Swarm {
  const options = { chunkBytes: 1000, windowChunks: chunks, live: false, orderAheadMs: 300 };
  return new Swarm({ ...options, serverUpBytesPerSecond: 8000 });
}

function holdUpTo(swarm: Swarm, peer: number, end: number): void {
  for (let chunk = 0; chunk < end; chunk++) swarm.hold(peer, chunk);
}

describe('Players', () => {
  it('play from 2 s after they came on, at the pace that all uplinks allow, and wait for what is missing', () => {
    const swarm = swarmOf(320);
    const player = swarm.join({ ...LINE, inOrder: true });
    swarm.join({ ...LINE, inOrder: true });
    swarm.followPlayers(0);
    // (8000 + 2 x 4000) / 2 bytes a second are 8 chunks, and a tenth more.
    expect(swarm.players.chunksPerMs * 1000).toBeCloseTo(8.8, 6);
    holdUpTo(swarm, player, 20);
    swarm.followPlayers(2000);
    expect(swarm.peers.played[player]).toBeCloseTo(0, 6);
    swarm.followPlayers(3000);
    expect(swarm.peers.played[player]).toBeCloseTo(8.8, 6);
    swarm.followPlayers(9000);
    expect(swarm.peers.played[player]).toBe(20);
  });

  it('are brought more ahead of what they miss when they have some in store', () => {
    const swarm = swarmOf(320);
    const player = swarm.join({ ...LINE, inOrder: true });
    swarm.followPlayers(0);
    swarm.followPlayers(10);
    const before = swarm.peers.ahead[player]!;
    holdUpTo(swarm, player, 100);
    swarm.followPlayers(20);
    swarm.followPlayers(30);
    expect(swarm.peers.ahead[player]! - before).toBeGreaterThan(80);
  });

  it('who come with a part of the file play there', () => {
    const swarm = swarmOf(320);
    const player = swarm.join({ ...LINE, inOrder: true });
    holdUpTo(swarm, player, 100);
    swarm.followPlayers(5000);
    swarm.followPlayers(8000);
    expect(swarm.peers.played[player]).toBe(100);
  });

  it('have their 2 s also when they are the first for a long time, whatever the pace was then', () => {
    const swarm = swarmOf(320);
    const player = swarm.join({ ...LINE, inOrder: true });
    holdUpTo(swarm, player, 10);
    swarm.followPlayers(3_600_000);
    holdUpTo(swarm, player, 40);
    swarm.followPlayers(3_602_000);
    expect(swarm.peers.played[player]).toBe(10);
    swarm.followPlayers(3_603_000);
    expect(swarm.peers.played[player]).toBeCloseTo(18.8, 6);
  });

  it('leave who takes the file as a whole alone', () => {
    const swarm = swarmOf(320);
    const whole = swarm.join(LINE);
    const player = swarm.join({ ...LINE, inOrder: true });
    swarm.followPlayers(0);
    expect(swarm.peers.ahead[whole]).toBe(Number.POSITIVE_INFINITY);
    expect(swarm.players.wanted).toEqual({ first: 0, end: Number.POSITIVE_INFINITY, newEnd: Number.POSITIVE_INFINITY });
    swarm.leave(whole, 0);
    swarm.followPlayers(0);
    expect(swarm.players.wanted.end).toBeLessThan(320);
    swarm.leave(player, 0);
    swarm.followPlayers(0);
    expect(swarm.players.wanted.end).toBe(Number.POSITIVE_INFINITY);
  });
});
