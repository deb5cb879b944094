/**
 * The scheduler. `planTransfers` is called by the server after messages, and by the simulator after events: the same
 * function with the same state. It reads no clock and no chance of its own, so the same input gives the same plan.
 * @module
 */
import { bestTaker, FILE_WEIGHTS, LIVE_WEIGHTS, type TakerSearch, type Weights } from './choose-taker.ts';
import { RARITY_CLASSES } from './rarity.ts';
import { SERVER, type Swarm, type Transfer } from './swarm.ts';

/** What a plan depends on besides the swarm itself. */
export interface PlanOptions {
  readonly nowMs: number;
  /** Breaks ties; `seededRandom` makes it repeatable. */
  readonly random: () => number;
  /** A chunk that is due within this time goes first. Default 1200 ms. */
  readonly urgentMs?: number;
  /** A chunk that is due within this time comes from the server if no peer is free. Default 700 ms. */
  readonly rescueMs?: number;
  readonly weights?: Weights;
  /** Chunks that are known not to come, to be sent at once: what was wrong, or whose giver has gone. */
  readonly missing?: readonly Missing[];
  /** Leases carry the new chunks; only what is urgent or missing is planned. */
  readonly leased?: boolean;
  /** True while a lease is expected to bring a chunk: it is ordered only when it is due within `rescueMs`. */
  readonly expects?: (taker: number, chunk: number) => boolean;
}

/** A taker and a chunk that it should have by now. */
export interface Missing {
  readonly taker: number;
  readonly chunk: number;
}

interface Late extends Missing {
  readonly dueInMs: number;
}

/** Chunks that are tried for one giver in one plan, and givers that are tried for one urgent chunk. */
const CHUNK_TRIES = 48;
const GIVER_TRIES = 48;
/** A taker of a file to which nothing came for so long is helped by the server. */
const STARVES_MS = 1500;
/** Part of the server's copies that is kept for the end of a file. */
const END_SHARE = 0.07;

/**
 * Chooses what is sent next: all transfers that the rates allow to begin now. They are noted in the swarm as begun;
 * the caller orders them and reports each with `swarm.finish`.
 *
 * 1. Chunks whose deadline is near: from any free peer, else from the server, whose last slots are kept for them.
 * 2. The server: chunks without a copy first, then the rarest, until it has sent the copies it may.
 * 3. Each free giver its rarest chunk that somebody lacks, to the taker that will soonest pass it on.
 */
export function planTransfers(swarm: Swarm, options: PlanOptions): Transfer[] {
  return new Plan(swarm, options).run(options);
}

class Plan {
  readonly #swarm: Swarm;
  readonly #nowMs: number;
  readonly #random: () => number;
  readonly #urgentMs: number;
  readonly #rescueMs: number;
  readonly #search: TakerSearch;
  readonly #leased: boolean;
  readonly #expects: (taker: number, chunk: number) => boolean;
  readonly #transfers: Transfer[] = [];

  constructor(swarm: Swarm, options: PlanOptions) {
    this.#swarm = swarm;
    this.#nowMs = options.nowMs;
    this.#random = options.random;
    this.#urgentMs = options.urgentMs ?? 1200;
    this.#rescueMs = options.rescueMs ?? 700;
    this.#leased = options.leased === true;
    this.#expects = options.expects ?? (() => false);
    const weights = options.weights ?? (swarm.options.live ? LIVE_WEIGHTS : FILE_WEIGHTS);
    this.#search = { swarm, nowMs: options.nowMs, random: options.random, weights };
  }

  run({ missing }: PlanOptions): Transfer[] {
    for (const { taker, chunk } of missing ?? []) this.#fetchNow(taker, chunk);
    if (this.#swarm.totalNeeded > 0 && this.#swarm.options.chunkDurationMs) this.#urgent();
    if (!this.#leased) {
      this.#server();
      this.#peers();
    }
    return this.#transfers;
  }

  #begin(giver: number, taker: number, chunk: number): void {
    const transfer = { giver, taker, chunk };
    this.#swarm.begin(transfer, this.#nowMs);
    this.#transfers.push(transfer);
  }

  /** Step 1: what is due first, of all takers: when not all can be mended in time, those that have time left wait. */
  #urgent(): void {
    const late = this.#late().sort((one, other) => one.dueInMs - other.dueInMs);
    const { inCount, inLimit } = this.#swarm.peers;
    for (const { taker, chunk, dueInMs } of late) {
      if (inCount[taker]! < inLimit[taker]!) this.#fetch(taker, chunk, dueInMs);
    }
  }

  /** For each taker the chunks that it plays next, lacks, and does not expect. */
  #late(): Late[] {
    const late: Late[] = [];
    const { takers, peers, options } = this.#swarm;
    const durationMs = options.chunkDurationMs!;
    const start = Math.floor(this.#random() * takers.size);
    for (let at = 0; at < takers.size; at++) {
      const taker = takers.at((start + at) % takers.size);
      const elapsedMs = this.#nowMs - peers.playsFirstChunkAtMs[taker]!;
      const from = Math.max(Math.ceil(elapsedMs / durationMs), this.#swarm.first, peers.wantsFrom[taker]!);
      const to = Math.min(Math.floor((elapsedMs + this.#urgentMs) / durationMs) + 1, this.#swarm.end);
      for (let chunk = from; chunk < to; chunk++) {
        const dueInMs = chunk * durationMs - elapsedMs;
        if (!this.#swarm.lacks(taker, chunk)) continue;
        if (dueInMs <= this.#rescueMs || !this.#expects(taker, chunk)) late.push({ taker, chunk, dueInMs });
      }
    }
    return late;
  }

  #fetchNow(taker: number, chunk: number): void {
    const { peers, options, first, end } = this.#swarm;
    if (chunk < first || chunk >= end || !this.#swarm.lacks(taker, chunk)) return;
    const dueMs = peers.playsFirstChunkAtMs[taker]! + chunk * (options.chunkDurationMs ?? 0);
    this.#fetch(taker, chunk, dueMs - this.#nowMs);
  }

  #fetch(taker: number, chunk: number, dueInMs: number): void {
    const isRescue = dueInMs <= this.#rescueMs && this.#serverIsInTime(dueInMs);
    // Of a stream the server's part for rescues is kept, so it is there; a second giver may fail as the first did.
    if (isRescue && this.#leased) return this.#begin(SERVER, taker, chunk);
    const giver = this.#freeHolder(taker, chunk, dueInMs);
    if (giver >= 0) this.#begin(giver, taker, chunk);
    else if (isRescue) this.#begin(SERVER, taker, chunk);
  }

  /** A giver that holds the chunk and is done with it before the deadline. */
  #freeHolder(taker: number, chunk: number, dueInMs: number): number {
    const { givers, peers, options } = this.#swarm;
    const start = Math.floor(this.#random() * givers.size);
    const tries = Math.min(givers.size, GIVER_TRIES);
    let best = -1;
    let bestMs = dueInMs - options.orderAheadMs / 2;
    for (let at = 0; at < tries; at++) {
      const giver = givers.at((start + at) % givers.size);
      if (giver === taker || !this.#hasRoom(giver) || !this.#swarm.has(giver, chunk)) continue;
      const sentMs = this.#backlogMs(giver) + (options.chunkBytes / peers.up[giver]!) * 1000;
      if (sentMs >= bestMs || !this.#swarm.mayMeet(giver, taker)) continue;
      best = giver;
      bestMs = sentMs;
    }
    return best;
  }

  #backlogMs(giver: number): number {
    return Math.max(0, this.#swarm.peers.upFreeAtMs[giver]! - this.#nowMs);
  }

  #hasRoom(giver: number): boolean {
    const { outCount, outLimit } = this.#swarm.peers;
    return outCount[giver]! < outLimit[giver]! && this.#backlogMs(giver) < this.#swarm.options.orderAheadMs;
  }

  /** True when the server can send a chunk before it is due, after what it sends already. */
  #serverIsInTime(dueInMs: number): boolean {
    const { peers, options } = this.#swarm;
    const sendMs = (options.chunkBytes / peers.up[SERVER]!) * 1000;
    return this.#backlogMs(SERVER) + sendMs + options.orderAheadMs / 2 <= dueInMs;
  }

  /** Step 2. */
  #server(): void {
    const { rarity } = this.#swarm;
    while (this.#hasRoom(SERVER)) {
      if (rarity.counts[0]! > 0 && this.#giveRarest(SERVER, 1)) continue;
      if (this.#swarm.options.live ? !this.#fillDeficit() : !this.#giveExtraCopy()) return;
    }
  }

  /** Of a stream: so many copies of a new chunk as the peers' uplinks lack. */
  #fillDeficit(): boolean {
    const { first, end, serverCopies, slots, needed } = this.#swarm;
    const copies = copiesAtBirth(this.#swarm);
    if (copies <= 1) return false;
    for (let chunk = Math.max(first, end - 3); chunk < end; chunk++) {
      const slot = chunk % slots;
      if (serverCopies[slot]! >= copies || needed[slot] === 0) continue;
      const taker = bestTaker(this.#search, SERVER, chunk);
      if (taker < 0) continue;
      this.#begin(SERVER, taker, chunk);
      return true;
    }
    return false;
  }

  #giveExtraCopy(): boolean {
    return this.#copiesAreLeft() && this.#giveRarest(SERVER, RARITY_CLASSES);
  }

  /** Of a file the server sends so many copies as it may; more only to takers that get nothing from peers. */
  #copiesAreLeft(): boolean {
    const { options, serverSent, totalNeeded, takers } = this.#swarm;
    const copies = options.serverCopies ?? 1.42;
    const budget = options.windowChunks * copies;
    const atTheEnd = totalNeeded < options.windowChunks * takers.size * END_SHARE;
    if (serverSent < budget * (atTheEnd ? 1 : 1 - END_SHARE)) return true;
    return this.#somebodyStarves();
  }

  /** True when a taker got nothing for a while: peers alone do not bring it on. */
  #somebodyStarves(): boolean {
    const { takers, peers } = this.#swarm;
    const start = Math.floor(this.#random() * takers.size);
    for (let at = 0; at < Math.min(takers.size, GIVER_TRIES); at++) {
      const taker = takers.at((start + at) % takers.size);
      if (peers.inCount[taker]! > 0 || peers.held[taker]! >= this.#swarm.end - this.#swarm.first) continue;
      const sinceMs = peers.idleSinceMs[taker]!;
      if (sinceMs === Number.POSITIVE_INFINITY) peers.idleSinceMs[taker] = this.#nowMs;
      else if (this.#nowMs - sinceMs > STARVES_MS) return true;
    }
    return false;
  }

  /** Step 3: a round for each free giver until no round helps. */
  #peers(): void {
    const { givers } = this.#swarm;
    let open: number[] = [];
    for (let at = 0; at < givers.size; at++) {
      const giver = givers.at(at);
      if (this.#hasRoom(giver) && this.#swarm.peers.held[giver]! > 0) open.push(giver);
    }
    rotate(open, this.#random());
    while (open.length > 0) {
      open = open.filter((giver) => this.#giveRarest(giver, RARITY_CLASSES) && this.#hasRoom(giver));
    }
  }

  /** Begins the giver's best transfer of the rarest chunks it holds. Answers false when there is none. */
  #giveRarest(giver: number, classes: number): boolean {
    const { rarity, words, needed } = this.#swarm;
    let tries = CHUNK_TRIES;
    for (let rank = 0; rank < classes; rank++) {
      if (rarity.counts[rank] === 0) continue;
      const start = this.#swarm.options.live ? 0 : Math.floor(this.#random() * words);
      for (let step = 0; step < words; step++) {
        const word = rank === 0 ? step : (start + step) % words;
        let bits = rarity.bits[rank * words + word]! & this.#swarm.heldWord(giver, word);
        while (bits !== 0) {
          const bit = bits & -bits;
          bits ^= bit;
          const slot = (word << 5) + (31 - Math.clz32(bit));
          if (needed[slot] === 0) continue;
          const chunk = this.#swarm.chunkIn(slot);
          const taker = bestTaker(this.#search, giver, chunk);
          if (taker >= 0) {
            this.#begin(giver, taker, chunk);
            return true;
          }
          if (--tries === 0) return false;
        }
      }
    }
    return false;
  }
}

/** Copies of each chunk that the server sends at once, so that the peers' uplinks suffice for the rest. */
function copiesAtBirth(swarm: Swarm): number {
  const { chunkBytes, chunkDurationMs } = swarm.options;
  if (!chunkDurationMs) return 1;
  const peersCarry = swarm.upSum / ((chunkBytes / chunkDurationMs) * 1000);
  return Math.max(1, Math.ceil(swarm.takers.size - peersCarry));
}

function rotate(values: number[], by: number): void {
  const at = Math.floor(by * values.length);
  values.push(...values.splice(0, at));
}
