import type { Clock } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import type { Order } from '../../protocols/swarm/conductor-messages.ts';
import type { LinkMessage } from '../../protocols/swarm/link-messages.ts';
import type { Outcome, Receipt } from '../../protocols/swarm/peer-messages.ts';
import type { Giving } from '../native/giving.ts';
import type { PeerLines } from '../native/peer-lines.ts';
import { WINDOW_CHUNKS } from './live-stream.ts';
import { Pushing } from './pushing.ts';
import type { LeaseMessage } from './stream-conducting.ts';
import type { StreamWindow } from './stream-window.ts';

/** Receipts of good chunks travel together: they cost the server's line an answer each. */
const REPORT_MS = 500;
/** Chunks that come in pieces at a time. */
const MAX_PARTIAL = 256;
/** Orders at a time. */
const MAX_ORDERS = 256;
/** An order without its chunk for so long has failed. */
const ORDER_MS = 2500;

/** What a listener needs of its session. */
export interface ListeningOptions {
  readonly clock: Clock;
  /** The conductor's number of the stream. */
  readonly file: number;
  /** It outlives the session. */
  readonly window: StreamWindow;
  readonly lines: PeerLines;
  readonly giving: Giving;
  readonly nowSeconds: () => number;
  /** Connects to a giver if this side is to do that. */
  readonly reach: (giver: number) => void;
  readonly tell: (receipt: Receipt) => void;
  /** A chunk is here and verified. `giver` is 0 for the server. */
  readonly onChunk: (chunk: number, bytes: Buffer, giver: number) => void;
  /** The server has signed two histories. */
  readonly onForked: () => void;
}

interface Partial {
  readonly bytes: Buffer;
  received: number;
}

interface Waiting {
  readonly order: Order;
  readonly sinceMs: number;
  isAsked: boolean;
}

/**
 * A listener to a live stream within one session: takes what is pushed to it, asks for what it is ordered to, verifies
 * each chunk, and only then plays it and passes it on.
 */
export class Listening {
  readonly pushing: Pushing;
  readonly #options: ListeningOptions;
  readonly #partial = new Map<string, Partial>();
  readonly #orders = new Map<string, Waiting>();
  #good: Receipt[] = [];
  #reportedMs: number;

  constructor(options: ListeningOptions) {
    this.#options = options;
    const { clock, file, lines, giving, nowSeconds, window } = options;
    const { substreams, playDelayMs } = window.head;
    this.#reportedMs = clock.nowMs();
    this.pushing = new Pushing({
      clock,
      file,
      lines,
      giving,
      nowSeconds,
      substreams,
      playDelayMs,
      chunk: (number) => window.chunk(number),
      end: () => window.end,
    });
  }

  get file(): number {
    return this.#options.file;
  }

  /** The bytes of a verified chunk. */
  chunk(number: number): Buffer | undefined {
    return this.#options.window.chunk(number)?.bytes;
  }

  lease(lease: LeaseMessage): void {
    this.pushing.lease(lease);
  }

  /** The conductor orders a chunk that did not come. */
  order(order: Order): void {
    const { window, clock, lines, reach } = this.#options;
    if (window.chunks.has(order.chunk)) return this.#tell(order.giver, order.chunk, 'held');
    if (this.#orders.size >= MAX_ORDERS) return this.#tell(order.giver, order.chunk, 'refused');
    const waiting = { order, sinceMs: clock.nowMs(), isAsked: false };
    this.#orders.set(keyOf(order.giver, order.chunk), waiting);
    if (lines.isOpen(order.giver)) this.#ask(waiting);
    else reach(order.giver);
  }

  cancel(giver: number, chunk: number): void {
    this.#orders.delete(keyOf(giver, chunk));
  }

  opened(peer: number): void {
    for (const waiting of this.#orders.values())
      if (waiting.order.giver === peer && !waiting.isAsked) this.#ask(waiting);
    this.pushing.opened(peer);
  }

  /** The line to a peer is gone, or could not be made: the conductor finds another for what it pushed. */
  lost(peer: number, wasOpen: boolean): void {
    const outcome = wasOpen ? 'lost' : 'unreachable';
    for (const key of this.#partial.keys()) if (key.startsWith(`${peer}/`)) this.#partial.delete(key);
    for (const { order } of this.#orders.values()) if (order.giver === peer) this.#end(order, outcome);
    this.#tell(peer, this.#options.window.end, outcome);
    this.pushing.lost(peer);
  }

  /** Answers false when the line is to be closed. */
  proof(giver: number, { link }: LinkMessage & { type: 'proof' }): boolean {
    try {
      if (this.#options.window.prove(link) === 'forked') this.#options.onForked();
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#tell(giver, this.#options.window.end, 'bad');
      return false;
    }
  }

  /** A piece of a chunk. Answers false when the line is to be closed. */
  data(giver: number, { chunk, offset, bytes }: LinkMessage & { type: 'data' }): boolean {
    const { window } = this.#options;
    // Somebody else was quicker, or it comes too late.
    if (window.chunks.has(chunk) || chunk < window.end - WINDOW_CHUNKS) {
      this.#partial.delete(keyOf(giver, chunk));
      if (this.#orders.has(keyOf(giver, chunk))) this.#end({ giver, chunk }, 'held');
      return true;
    }
    const length = window.lengthOf(chunk);
    const key = keyOf(giver, chunk);
    const partial =
      this.#partial.get(key) ?? (length === undefined ? undefined : { bytes: Buffer.alloc(length), received: 0 });
    if (!partial || offset !== partial.received || offset + bytes.length > partial.bytes.length) {
      this.#partial.delete(key);
      this.#end({ giver, chunk }, 'bad');
      return false;
    }
    bytes.copy(partial.bytes, offset);
    partial.received += bytes.length;
    if (partial.received < partial.bytes.length) {
      if (!this.#partial.has(key) && this.#partial.size >= MAX_PARTIAL) return false;
      this.#partial.set(key, partial);
      return true;
    }
    this.#partial.delete(key);
    this.#complete(giver, chunk, partial.bytes);
    return true;
  }

  refused(giver: number, chunk: number): void {
    if (this.#orders.has(keyOf(giver, chunk))) this.#end({ giver, chunk }, 'refused');
  }

  /** Reports, and gives up what does not come; call it some times a second. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { order, sinceMs, isAsked } of this.#orders.values()) {
      if (nowMs - sinceMs > ORDER_MS) this.#end(order, isAsked ? 'lost' : 'unreachable');
    }
    if (nowMs - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = nowMs;
    for (const receipt of this.#good.splice(0)) this.#options.tell(receipt);
  }

  #complete(giver: number, chunk: number, bytes: Buffer): void {
    const { window, file, onChunk } = this.#options;
    if (window.put(chunk, bytes) !== 'new') return this.#end({ giver, chunk }, 'bad');
    this.#orders.delete(keyOf(giver, chunk));
    this.#good.push({ file, giver, chunk, outcome: 'ok' });
    this.pushing.came(chunk);
    onChunk(chunk, bytes, giver);
  }

  #ask(waiting: Waiting): void {
    const { file, giver, chunk, expires, token } = waiting.order;
    waiting.isAsked = this.#options.lines.send(giver, { type: 'ask', file, chunk, expires, token });
  }

  #end({ giver, chunk }: Pick<Order, 'giver' | 'chunk'>, outcome: Outcome): void {
    this.#orders.delete(keyOf(giver, chunk));
    this.#tell(giver, chunk, outcome);
  }

  #tell(giver: number, chunk: number, outcome: Outcome): void {
    this.#options.tell({ file: this.#options.file, giver, chunk, outcome });
  }
}

function keyOf(giver: number, chunk: number): string {
  return `${giver}/${chunk}`;
}
