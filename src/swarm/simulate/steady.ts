import { offloadBound } from '../schedule/bound.ts';
import { planTransfers } from '../schedule/plan.ts';
import { seededRandom } from '../schedule/seeded-random.ts';
import { SERVER, Swarm } from '../schedule/swarm.ts';
import type { Transfer } from '../schedule/transfer-lists.ts';

/** A stream in slots: each slot one chunk is born, and each peer plays one. */
export interface SteadyOptions {
  /** Uplink of each peer in stream rates. */
  readonly uplinks: readonly number[];
  readonly slots: number;
  /** A chunk is played so many slots after it was born. */
  readonly deadlineSlots: number;
  readonly seed: number;
}

/** What the slots showed. Only chunks count whose deadline lies within the run. */
export interface SteadyResult {
  readonly peers: number;
  readonly slots: number;
  /** Share of the chunks played that came from peers, and the most that physics allows. */
  readonly offload: number;
  readonly bound: number;
  readonly assignments: number;
  /** Chunks that were missing when they were due. */
  readonly stalls: number;
  /** Slots from a chunk's birth until a peer had it. */
  readonly delayP50: number;
  readonly delayP99: number;
}

const SLOT_MS = 1000;
/** Plans a slot: receipts and orders take part of a slot, not a whole one. */
const TICKS = 4;
const TICK_MS = SLOT_MS / TICKS;
const CHUNK_BYTES = 16_000;

/**
 * Runs the scheduler on a stream in slots: store and forward, a peer's transfers one after the other at its uplink's
 * rate. The server may send as much as it must, so that what peers did not carry shows in the offload.
 */
export function simulateSteady(options: SteadyOptions): SteadyResult {
  return new SteadyRun(options).run();
}

class SteadyRun {
  readonly #options: SteadyOptions;
  readonly #swarm: Swarm;
  readonly #random: () => number;
  readonly #peers: number;
  /** Transfers by the slot at whose end they are there. */
  readonly #ending: Transfer[][] = [];
  readonly #sentAtMs: Float64Array;
  readonly #delays: number[];
  #fromPeers = 0;
  #fromServer = 0;
  #stalls = 0;
  #assignments = 0;

  constructor(options: SteadyOptions) {
    this.#options = options;
    const { uplinks, deadlineSlots } = options;
    this.#peers = uplinks.length;
    this.#random = seededRandom(options.seed);
    const rate = CHUNK_BYTES / (SLOT_MS / 1000);
    this.#swarm = new Swarm(
      {
        chunkBytes: CHUNK_BYTES,
        windowChunks: deadlineSlots + 2,
        live: true,
        chunkDurationMs: SLOT_MS,
        serverUpBytesPerSecond: this.#peers * rate,
        orderAheadMs: TICK_MS,
      },
      this.#peers,
    );
    for (const uplink of uplinks) {
      this.#swarm.join({
        upBytesPerSecond: uplink * rate,
        downBytesPerSecond: 8 * rate,
        reachable: true,
        wants: true,
        playsFirstChunkAtMs: deadlineSlots * SLOT_MS,
      });
    }
    this.#sentAtMs = new Float64Array(this.#peers + 1);
    this.#delays = new Array<number>(deadlineSlots + 4).fill(0);
  }

  run(): SteadyResult {
    const { slots, deadlineSlots, uplinks } = this.#options;
    for (let slot = 0; slot < slots; slot++) {
      this.#play(slot - deadlineSlots);
      this.#swarm.advance(Math.max(0, slot - deadlineSlots + 1), slot + 1);
      for (let tick = slot * TICKS; tick < (slot + 1) * TICKS; tick++) this.#tick(tick);
    }
    return {
      peers: this.#peers,
      slots,
      offload: this.#fromPeers / (this.#fromPeers + this.#fromServer),
      bound: offloadBound(uplinks),
      assignments: this.#assignments,
      stalls: this.#stalls,
      delayP50: quantile(this.#delays, 0.5),
      delayP99: quantile(this.#delays, 0.99),
    };
  }

  #tick(tick: number): void {
    const nowMs = tick * TICK_MS;
    const random = this.#random;
    const plan = planTransfers(this.#swarm, { nowMs, random, urgentMs: 3 * SLOT_MS, rescueMs: SLOT_MS });
    this.#assignments += plan.length;
    for (const transfer of plan) this.#send(transfer, nowMs);
    for (const transfer of this.#ending[tick] ?? []) this.#arrive(transfer, tick + 1);
    this.#ending[tick] = [];
  }

  /** Only chunks that are played within the run are counted: what came of the last ones proves nothing. */
  #counts(chunk: number): boolean {
    return chunk + this.#options.deadlineSlots < this.#options.slots;
  }

  #play(chunk: number): void {
    if (chunk < 0) return;
    for (let peer = 1; peer <= this.#peers; peer++) if (!this.#swarm.has(peer, chunk)) this.#stalls++;
  }

  #send(transfer: Transfer, nowMs: number): void {
    const { giver } = transfer;
    const sendMs = giver === SERVER ? 0 : (CHUNK_BYTES / this.#swarm.peers.up[giver]!) * 1000;
    const doneMs = Math.max(this.#sentAtMs[giver]!, nowMs) + sendMs;
    this.#sentAtMs[giver] = doneMs;
    const tick = Math.max(Math.ceil(doneMs / TICK_MS - 1e-9) - 1, Math.floor(nowMs / TICK_MS));
    const list = this.#ending[tick];
    if (list) list.push(transfer);
    else this.#ending[tick] = [transfer];
  }

  #arrive(transfer: Transfer, tick: number): void {
    this.#swarm.finish(transfer, true, tick * TICK_MS);
    if (!this.#counts(transfer.chunk)) return;
    if (transfer.giver === SERVER) this.#fromServer++;
    else this.#fromPeers++;
    const delay = Math.min(Math.ceil(tick / TICKS) - transfer.chunk, this.#delays.length - 1);
    this.#delays[delay] = this.#delays[delay]! + 1;
  }
}

function quantile(counts: readonly number[], share: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [value, count] of counts.entries()) {
    seen += count;
    if (seen >= all * share) return value;
  }
  return counts.length;
}
