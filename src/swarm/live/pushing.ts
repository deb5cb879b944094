import type { Clock } from '../../core/clock.ts';
import { encodeLinkMessage } from '../../protocols/swarm/link-messages.ts';
import type { Giving } from '../native/giving.ts';
import type { PeerLines } from '../native/peer-lines.ts';
import type { ProvenChunk } from './live-stream.ts';
import type { LeaseMessage } from './stream-conducting.ts';

/** Takers of one lease. */
const MAX_TAKERS = 256;
/** Links that are remembered as sent, for each taker. */
const MAX_SENT = 64;

/** Who pushes, and what. */
export interface PushingOptions {
  readonly clock: Clock;
  readonly file: number;
  readonly substreams: number;
  /** A chunk that waits longer than this is not sent any more. */
  readonly playDelayMs: number;
  readonly lines: PeerLines;
  readonly giving: Giving;
  /** The conductor's clock in seconds. */
  readonly nowSeconds: () => number;
  /** A verified chunk. */
  readonly chunk: (number: number) => ProvenChunk | undefined;
  /** The chunk after the newest that is known. */
  readonly end: () => number;
}

interface Push {
  readonly expires: number;
  /** Most important first. */
  readonly takers: readonly number[];
}

/** Pushes new chunks of a live stream to the takers that the conductor leases, each with its proof. */
export class Pushing {
  readonly #options: PushingOptions;
  readonly #pushes = new Map<number, Push>();
  /** To whom no line is open yet: by taker and sub-stream, the first chunk that it lacks. */
  readonly #owed = new Map<number, Map<number, number>>();
  readonly #sent = new Map<number, Set<number>>();

  constructor(options: PushingOptions) {
    this.#options = options;
  }

  /** Takers to whom no line is open yet. */
  get owed(): number {
    return this.#owed.size;
  }

  /** Takes a lease; it replaces the one before of its sub-stream. */
  lease({ substream, expires, takers }: LeaseMessage): void {
    if (substream >= this.#options.substreams) return;
    const before = new Set(this.#pushes.get(substream)?.takers);
    const named = takers.slice(0, MAX_TAKERS);
    this.#pushes.set(substream, { expires, takers: named.map(({ peer }) => peer) });
    for (const { peer, from } of named) if (!before.has(peer)) this.#catchUp(peer, substream, from);
    for (const peer of before) if (!named.some((one) => one.peer === peer)) this.#forgive(peer, substream);
  }

  /** A chunk is here, and verified. */
  came(chunk: number): void {
    const push = this.#pushes.get(chunk % this.#options.substreams);
    if (!push || push.expires < this.#options.nowSeconds()) return;
    for (const taker of push.takers) this.#push(taker, chunk);
  }

  /** A line is open: what its peer is owed goes out. */
  opened(peer: number): void {
    this.#sent.delete(peer);
    const owed = this.#owed.get(peer);
    this.#owed.delete(peer);
    for (const [substream, from] of owed ?? []) this.#catchUp(peer, substream, from);
  }

  /** A line is gone. */
  lost(peer: number): void {
    this.#sent.delete(peer);
  }

  /** The proof of a chunk, as a message, unless the peer was sent it on this line; it counts as sent from now on. */
  proofFor(peer: number, number: number): Buffer | undefined {
    const chunk = this.#options.chunk(number);
    const sent = this.#sent.get(peer) ?? new Set();
    if (!chunk || sent.has(chunk.sequence)) return undefined;
    this.#sent.set(peer, sent.add(chunk.sequence));
    if (sent.size > MAX_SENT) sent.delete(sent.values().next().value!);
    return encodeLinkMessage({ type: 'proof', file: this.#options.file, link: chunk.link });
  }

  #catchUp(peer: number, substream: number, from: number): void {
    const { lines, substreams, chunk, end } = this.#options;
    if (!lines.isOpen(peer)) return this.#owe(peer, substream, from);
    const last = end();
    for (let number = Math.max(from, last - 64); number < last; number++) {
      if (number % substreams === substream && chunk(number)) this.#push(peer, number);
    }
  }

  #owe(peer: number, substream: number, from: number): void {
    const owed = this.#owed.get(peer) ?? new Map<number, number>();
    owed.set(substream, Math.min(from, owed.get(substream) ?? from));
    this.#owed.set(peer, owed);
  }

  #forgive(peer: number, substream: number): void {
    const owed = this.#owed.get(peer);
    if (owed?.delete(substream) && owed.size === 0) this.#owed.delete(peer);
  }

  #push(peer: number, number: number): void {
    const { clock, file, substreams, playDelayMs, lines, giving } = this.#options;
    const chunk = this.#options.chunk(number);
    if (!chunk) return;
    if (!lines.isOpen(peer)) return this.#owe(peer, number % substreams, number);
    giving.push({ peer, file, chunk: number, bytes: chunk.bytes, untilMs: clock.nowMs() + playDelayMs });
  }
}
