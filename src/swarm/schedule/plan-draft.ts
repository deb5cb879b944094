import { SERVER, type Swarm } from './swarm.ts';
import type { Transfer } from './transfer-lists.ts';

/** Givers that are tried for one chunk. */
const GIVER_TRIES = 48;

/** A taker and a chunk that it should have by now. */
export interface Missing {
  readonly taker: number;
  readonly chunk: number;
}

/** A plan while it is made: what its steps share. */
export class PlanDraft {
  readonly swarm: Swarm;
  readonly nowMs: number;
  readonly random: () => number;
  /** Begun by this plan. */
  readonly transfers: Transfer[] = [];

  /** @param random 0 up to but without 1 */
  constructor(swarm: Swarm, nowMs: number, random: () => number) {
    this.swarm = swarm;
    this.nowMs = nowMs;
    this.random = random;
  }

  /** Notes in the swarm that a transfer begins. */
  begin(giver: number, taker: number, chunk: number): void {
    const transfer = { giver, taker, chunk };
    this.swarm.begin(transfer, this.nowMs);
    this.transfers.push(transfer);
  }

  /** How long a giver sends what it has been ordered to send. */
  backlogMs(giver: number): number {
    return Math.max(0, this.swarm.peers.upFreeAtMs[giver]! - this.nowMs);
  }

  /** True when a giver may be given its next order. */
  hasRoom(giver: number): boolean {
    const { outCount, outLimit } = this.swarm.peers;
    return outCount[giver]! < outLimit[giver]! && this.backlogMs(giver) < this.swarm.options.orderAheadMs;
  }

  /** True when a taker can be brought one more chunk. */
  takesMore(taker: number): boolean {
    const { inCount, inLimit } = this.swarm.peers;
    return inCount[taker]! < inLimit[taker]!;
  }

  /** The giver that holds the chunk and has sent it soonest, within so many ms; -1 when there is none. */
  freeHolder({ taker, chunk }: Missing, withinMs: number): number {
    const { givers, peers, options } = this.swarm;
    const start = Math.floor(this.random() * givers.size);
    const tries = Math.min(givers.size, GIVER_TRIES);
    let best = -1;
    let bestMs = withinMs;
    for (let at = 0; at < tries; at++) {
      const giver = givers.at((start + at) % givers.size);
      if (giver === taker || !this.hasRoom(giver) || !this.swarm.has(giver, chunk)) continue;
      const sentMs = this.backlogMs(giver) + (options.chunkBytes / peers.up[giver]!) * 1000;
      if (sentMs >= bestMs || !this.swarm.mayMeet(giver, taker)) continue;
      best = giver;
      bestMs = sentMs;
    }
    return best;
  }

  /** True when the server can send a chunk before it is due, after what it sends already. */
  serverIsInTime(dueInMs: number): boolean {
    const { peers, options } = this.swarm;
    const sendMs = (options.chunkBytes / peers.up[SERVER]!) * 1000;
    return this.backlogMs(SERVER) + sendMs + options.orderAheadMs / 2 <= dueInMs;
  }
}
