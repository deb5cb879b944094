import type { Lease, LeaseTrees } from '../schedule/leases.ts';
import { SERVER, type Swarm } from '../schedule/swarm.ts';
import { SUBSTREAMS, WINDOW_CHUNKS } from './live-stream.ts';

/** A chunk is confirmed so long after its giver confirmed it, at the most: a hop, and receipts that travel together. */
const HOP_MS = 900;
/** A giver that has the chunks and does not bring them for so long is another one's turn. */
const SILENT_MS = 3000;
const NOBODY = -1;

interface Watched {
  /** When receipts came, by chunk. */
  readonly heldAtMs: Map<number, number>;
  /** By sub-stream: since when its giver has brought nothing. */
  readonly quietSinceMs: Float64Array;
  /** By sub-stream: who pushes it, and since when. */
  readonly giver: Int32Array;
  readonly leasedAtMs: Float64Array;
}

/** A giver that does not bring what it has. */
export interface SilentGiver {
  readonly giver: number;
  readonly taker: number;
}

/** What leases of a stream were to bring and when, and which chunks and givers are behind. Peers are rows of the swarm. */
export class LeaseWatch {
  readonly #swarm: Swarm;
  readonly #trees: LeaseTrees;
  readonly #bornAtMs = new Map<number, number>();
  readonly #watched = new Map<number, Watched>();

  constructor(swarm: Swarm, trees: LeaseTrees) {
    this.#swarm = swarm;
    this.#trees = trees;
  }

  /** The publisher has the chunk. */
  born(chunk: number, nowMs: number): void {
    this.#bornAtMs.set(chunk, nowMs);
    this.#bornAtMs.delete(chunk - WINDOW_CHUNKS);
  }

  join(row: number, nowMs: number): void {
    this.#watched.set(row, {
      heldAtMs: new Map(),
      quietSinceMs: new Float64Array(SUBSTREAMS).fill(nowMs),
      giver: new Int32Array(SUBSTREAMS).fill(NOBODY),
      leasedAtMs: new Float64Array(SUBSTREAMS),
    });
  }

  leave(row: number): void {
    this.#watched.delete(row);
  }

  /** These leases are told now. */
  told(leases: readonly Lease[], nowMs: number): void {
    for (const { giver, substream, takers } of leases) {
      for (const taker of takers) {
        const watched = this.#watched.get(taker);
        if (!watched || watched.giver[substream] === giver) continue;
        watched.giver[substream] = giver;
        watched.leasedAtMs[substream] = nowMs;
      }
    }
  }

  /** The peer has confirmed a chunk. Answers false when it had before. */
  came(row: number, chunk: number, nowMs: number): boolean {
    const watched = this.#watched.get(row);
    if (!watched || watched.heldAtMs.has(chunk)) return false;
    watched.heldAtMs.set(chunk, nowMs);
    for (const old of watched.heldAtMs.keys()) if (old < this.#swarm.first) watched.heldAtMs.delete(old);
    watched.quietSinceMs[chunk % SUBSTREAMS] = nowMs;
    return true;
  }

  /** When the peer has confirmed a chunk of the window. */
  heldAtMs(row: number, chunk: number): number | undefined {
    return this.#watched.get(row)?.heldAtMs.get(chunk);
  }

  /**
   * True while a lease may still bring a chunk: its giver has it since a moment ago, or lacks it itself. Then the giver
   * is mended, and passes on what it gets.
   */
  expects(row: number, chunk: number, nowMs: number): boolean {
    const substream = chunk % SUBSTREAMS;
    const giver = this.#trees.giverOf(row, substream);
    const watched = this.#watched.get(row);
    if (giver === undefined || watched?.giver[substream] !== giver) return false;
    if (!this.#swarm.has(giver, chunk)) return this.#trees.isConnected(giver, substream);
    const hadMs = giver === SERVER ? this.#bornAtMs.get(chunk) : this.heldAtMs(giver, chunk);
    return nowMs - Math.max(hadMs ?? 0, watched.leasedAtMs[substream]!) < HOP_MS;
  }

  /** Givers that bring nothing of what they have; each is answered once in a while. */
  *silent(nowMs: number): Generator<SilentGiver> {
    for (const giver of [SERVER, ...this.#watched.keys()]) {
      for (let substream = 0; substream < SUBSTREAMS; substream++) yield* this.#silentLease(giver, substream, nowMs);
    }
  }

  *#silentLease(giver: number, substream: number, nowMs: number): Generator<SilentGiver> {
    const chunk = this.#newestDue(substream, nowMs);
    if (chunk < this.#swarm.first || !this.#swarm.has(giver, chunk)) return;
    for (const taker of [...this.#trees.takersOf(giver, substream)]) {
      const since = this.#watched.get(taker)?.quietSinceMs;
      if (!since || this.#swarm.has(taker, chunk) || nowMs - since[substream]! < SILENT_MS) continue;
      since[substream] = nowMs;
      yield { giver, taker };
    }
  }

  /** The newest chunk of the sub-stream that should have been brought by now. */
  #newestDue(substream: number, nowMs: number): number {
    let chunk = this.#swarm.end - 1;
    const isYoung = (): boolean => nowMs - (this.#bornAtMs.get(chunk) ?? nowMs) < SILENT_MS;
    while (chunk >= 0 && (chunk % SUBSTREAMS !== substream || isYoung())) chunk--;
    return chunk;
  }
}
