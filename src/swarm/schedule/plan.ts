/**
 * The scheduler. `planTransfers` is called by the server after messages, and by the simulator after events: the same
 * function with the same state. It reads no clock and no chance of its own, so the same input gives the same plan.
 * @module
 */
import { bestTaker, FILE_WEIGHTS, LIVE_WEIGHTS, type TakerSearch, type Weights } from './choose-taker.ts';
import { planDueOfStream, planMissing, type StreamDueOptions } from './due-in-stream.ts';
import { planDueToPlayers, type Rescues } from './due-to-players.ts';
import { type Missing, PlanDraft } from './plan-draft.ts';
import { RARITY_CLASSES } from './rarity.ts';
import { SERVER, type Swarm } from './swarm.ts';
import type { Transfer } from './transfer-lists.ts';

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

/** Chunks that are tried for one giver in one plan. */
const CHUNK_TRIES = 48;
/** Takers of a file that are looked at for one to which nothing comes. */
const STARVING_LOOKS = 48;
/** A taker of a file to which nothing came for so long is helped by the server. */
const STARVES_MS = 1500;
/** Part of the server's copies that is kept for the end of a file. */
const END_SHARE = 0.07;

/**
 * Chooses what is sent next: all transfers that the rates allow to begin now. They are noted in the swarm as begun;
 * the caller orders them and reports each with `swarm.finish`.
 *
 * 1. Chunks whose deadline is near, of a stream and of players of a file: from any free peer, else from the server, a
 *    part of which is kept for them.
 * 2. The server: chunks without a copy first, of a file in order, then the rarest, until it has sent the copies it may.
 * 3. Each free giver its rarest chunk that somebody lacks, to the taker that will soonest pass it on.
 */
export function planTransfers(swarm: Swarm, options: PlanOptions): Transfer[] {
  return new Plan(swarm, options).run(options);
}

class Plan {
  readonly #swarm: Swarm;
  readonly #draft: PlanDraft;
  readonly #due: StreamDueOptions;
  readonly #search: TakerSearch;
  #rescues: Rescues | undefined;

  constructor(swarm: Swarm, options: PlanOptions) {
    this.#swarm = swarm;
    this.#draft = new PlanDraft(swarm, options.nowMs, options.random);
    this.#due = {
      urgentMs: options.urgentMs ?? 1200,
      rescueMs: options.rescueMs ?? 700,
      leased: options.leased === true,
      expects: options.expects ?? (() => false),
    };
    const weights = options.weights ?? (swarm.options.live ? LIVE_WEIGHTS : FILE_WEIGHTS);
    this.#search = { swarm, nowMs: options.nowMs, random: options.random, weights };
  }

  run({ missing }: PlanOptions): Transfer[] {
    const { totalNeeded, options, players } = this.#swarm;
    if (missing) planMissing(this.#draft, this.#due, missing);
    if (totalNeeded > 0 && options.chunkDurationMs) planDueOfStream(this.#draft, this.#due);
    if (!options.live) this.#swarm.followPlayers(this.#draft.nowMs);
    if (players.rows.size > 0) this.#rescues = planDueToPlayers(this.#draft);
    if (!this.#due.leased) {
      this.#server();
      this.#peers();
    }
    return this.#draft.transfers;
  }

  /** Step 2. */
  #server(): void {
    const { rarity } = this.#swarm;
    while (this.#draft.hasRoom(SERVER)) {
      if (this.#rescues?.begin(false)) continue;
      if (rarity.counts[0]! > 0 && this.#giveRarest(SERVER, 1)) continue;
      if (this.#rescues?.begin(true)) continue;
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
      this.#draft.begin(SERVER, taker, chunk);
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
    const start = Math.floor(this.#draft.random() * takers.size);
    for (let at = 0; at < Math.min(takers.size, STARVING_LOOKS); at++) {
      const taker = takers.at((start + at) % takers.size);
      if (peers.inCount[taker]! > 0 || peers.held[taker]! >= this.#swarm.end - this.#swarm.first) continue;
      const sinceMs = peers.idleSinceMs[taker]!;
      if (sinceMs === Number.POSITIVE_INFINITY) peers.idleSinceMs[taker] = this.#draft.nowMs;
      else if (this.#draft.nowMs - sinceMs > STARVES_MS) return true;
    }
    return false;
  }

  /** Step 3: a round for each free giver until no round helps. */
  #peers(): void {
    const { givers } = this.#swarm;
    let open: number[] = [];
    for (let at = 0; at < givers.size; at++) {
      const giver = givers.at(at);
      if (this.#draft.hasRoom(giver) && this.#swarm.peers.held[giver]! > 0) open.push(giver);
    }
    rotate(open, this.#draft.random());
    while (open.length > 0) {
      open = open.filter((giver) => this.#giveRarest(giver, RARITY_CLASSES) && this.#draft.hasRoom(giver));
    }
  }

  /** Begins the giver's best transfer of the rarest chunks it holds. Answers false when there is none. */
  #giveRarest(giver: number, classes: number): boolean {
    const { rarity, words, needed } = this.#swarm;
    let tries = CHUNK_TRIES;
    for (let rank = 0; rank < classes; rank++) {
      if (rarity.counts[rank] === 0) continue;
      const { from, count, end } = this.#wanted(rank);
      const start = this.#swarm.options.live ? 0 : Math.floor(this.#draft.random() * count);
      for (let step = 0; step < count; step++) {
        const word = from + (rank === 0 ? step : (start + step) % count);
        let bits = rarity.bits[rank * words + word]! & this.#swarm.heldWord(giver, word);
        while (bits !== 0) {
          const bit = bits & -bits;
          bits ^= bit;
          const slot = (word << 5) + (31 - Math.clz32(bit));
          if (needed[slot] === 0) continue;
          const chunk = this.#swarm.chunkIn(slot);
          if (chunk >= end) break;
          const taker = bestTaker(this.#search, giver, chunk);
          if (taker >= 0) {
            this.#draft.begin(giver, taker, chunk);
            return true;
          }
          if (--tries === 0) return false;
        }
      }
    }
    return false;
  }

  /** Words in which chunks are that somebody may take, and the first chunk after them: all unless all takers play a file. */
  #wanted(rank: number): { from: number; count: number; end: number } {
    const { words, options, players } = this.#swarm;
    if (options.live) return { from: 0, count: words, end: Number.POSITIVE_INFINITY };
    const { wanted } = players;
    const end = rank === 0 ? wanted.newEnd : wanted.end;
    const from = Math.min(words - 1, Math.floor(wanted.first / 32));
    return { from, count: Math.max(1, Math.min(words, Math.ceil(end / 32)) - from), end };
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
