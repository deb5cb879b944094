import { ProtocolViolation } from '../../core/errors.ts';
import type { ChannelStore, StartPoint } from './channel-store.ts';
import type { HaveFrame, OpenFrame, StartFrame, WantFrame } from './frames.ts';
import { type Range, RangeSet } from './range-set.ts';
import { endOf } from './stored-record.ts';

/** Arrivals that are told apart; what waits longer goes at once anyway. */
const MAX_ARRIVALS = 64;

/** A run of a channel's bytes that goes into a packet. */
export interface Chunk extends Range {
  readonly channel: SendChannel;
}

/**
 * What one subscriber of a store still needs. `pending` is all that is to be sent: what was never sent, and what was
 * lost. Acknowledged bytes leave it for ever.
 */
export class SendChannel {
  readonly id: number;
  readonly store: ChannelStore;
  /** Bytes to send, oldest first. */
  readonly pending = new RangeSet();
  /** Bytes sent more than once. */
  resentBytes = 0;
  /** Bytes that were gone from the store before the subscriber had them. */
  skippedBytes = 0;
  readonly #acked = new RangeSet();
  readonly #flights = new Map<number, RangeSet>(); // path -> bytes under way on it
  #want: WantFrame | undefined;
  #start: StartFrame | undefined;
  #seen = 0; // the store's newest when last looked
  #seenMs = 0; // when it was that
  #arrivals: { offset: number; ms: number }[] = []; // when the newest of the pending bytes came, oldest first
  #madeAt = -1; // the offset of which #madeMs tells
  #madeMs = 0;
  #sent = 0; // the highest offset ever sent
  #pendingSinceMs = 0;

  constructor(id: number, store: ChannelStore) {
    this.id = id;
    this.store = store;
  }

  get isWanted(): boolean {
    return this.#want !== undefined;
  }

  /** The START that holds now, once the subscriber has asked. */
  get startFrame(): StartFrame | undefined {
    return this.#start;
  }

  get openFrame(): OpenFrame {
    const { name, epoch, oldest, newest } = this.store;
    return { type: 'open', channel: this.id, epoch, name, oldest, newest };
  }

  /** When the first of the pending bytes came, or was lost. */
  get pendingSinceMs(): number {
    return this.#pendingSinceMs;
  }

  /** Whether `next` gives something. */
  get isReady(): boolean {
    const first = this.pending.first;
    return first !== undefined && this.#start !== undefined && first.start < this.#limit(first.start);
  }

  /** When the first pending byte was made: the least is furthest behind. */
  get madeMs(): number {
    const first = this.pending.first;
    if (!first) return Number.POSITIVE_INFINITY;
    if (first.start !== this.#madeAt) {
      this.#madeAt = first.start;
      this.#madeMs = this.#seenMs - (this.store.mediaTimeUs - this.store.timeAt(first.start)) / 1000;
    }
    return this.#madeMs;
  }

  /** How far behind the live edge the first pending byte lies; -1 when nothing is pending. */
  get lagUs(): number {
    const first = this.pending.first;
    return first ? this.store.mediaTimeUs - this.store.timeAt(first.start) : -1;
  }

  /** All that is not acknowledged, for the status. */
  get unackedBytes(): number {
    let bytes = this.pending.total;
    for (const flight of this.#flights.values()) bytes += flight.total;
    return bytes;
  }

  /** The subscriber asks. A repeated WANT changes nothing. Returns whether a START is due. */
  want(want: WantFrame, nowMs: number): boolean {
    if (this.#want) return false;
    this.#want = want;
    const { store } = this;
    this.#seen = store.newest;
    const isKnown = want.offset !== undefined && want.offset <= store.newest;
    const record = isKnown
      ? store.recordFrom(want.offset!)
      : store.recordAtTime(store.mediaTimeUs - want.backMs * 1000);
    this.#seenMs = nowMs;
    this.#begin(store.startAt(record));
    this.#pendingSinceMs = nowMs;
    return true;
  }

  /** The subscriber is gone: all as before its WANT. */
  reset(): void {
    this.#want = undefined;
    this.#start = undefined;
    this.#sent = 0;
    this.#madeAt = -1;
    this.#arrivals = [];
    this.pending.clear();
    this.#acked.clear();
    this.#flights.clear();
  }

  /** Takes in what was appended to the store. Returns whether the subscriber must be told of a new START (a skip). */
  update(nowMs: number): boolean {
    if (!this.#want) return false;
    if (this.store.newest > this.#seen) {
      if (this.pending.total === 0) this.#pendingSinceMs = nowMs;
      else this.#arrivals.push({ offset: this.#seen, ms: nowMs });
      if (this.#arrivals.length > MAX_ARRIVALS) this.#arrivals.shift();
      this.pending.add(this.#seen, this.store.newest);
      this.#seen = this.store.newest;
      this.#seenMs = nowMs;
    }
    const first = this.pending.first;
    if (!first || this.store.holds(first.start)) return false;
    this.skippedBytes += this.pending.total;
    this.#begin(this.store.startAt(this.store.recordFrom(this.store.oldest)));
    this.skippedBytes -= this.pending.total;
    return true;
  }

  /** The next run to send, at most `maxBytes`, or undefined. `send` must follow. */
  next(maxBytes: number): Chunk | undefined {
    const first = this.pending.first;
    if (!first || !this.#start) return undefined;
    const limit = this.#limit(first.start);
    if (first.start >= limit) return undefined;
    return { channel: this, start: first.start, end: Math.min(first.end, first.start + maxBytes, limit) };
  }

  /** A run goes out on a path. */
  send({ start, end }: Range, pathId: number): void {
    this.pending.remove(start, end);
    this.#forgetArrivals();
    this.resentBytes += Math.max(0, Math.min(end, this.#sent) - start);
    this.#sent = Math.max(this.#sent, end);
    this.#flight(pathId).add(start, end);
  }

  /** Parts of a run that the subscriber is not known to have and the store still has. */
  *unacked({ start, end }: Range): Generator<Range> {
    for (const part of this.#acked.missing(start, end)) {
      if (this.store.heldUntil(part.start) >= part.end) yield part;
    }
  }

  acked({ start, end }: Range): void {
    this.#acked.add(start, end);
    this.pending.remove(start, end);
    for (const flight of this.#flights.values()) flight.remove(start, end);
  }

  /** A run did not arrive by that path: what no other path carries is pending again. */
  lost({ start, end }: Range, pathId: number, nowMs: number): void {
    this.#flights.get(pathId)?.remove(start, end);
    if (!this.#want) return;
    const missing = new RangeSet();
    for (const part of this.#acked.missing(start, end)) missing.add(part.start, part.end);
    for (const flight of this.#flights.values()) {
      for (let at = flight.next(start); at && at.start < end; at = flight.next(at.end))
        missing.remove(at.start, at.end);
    }
    if (missing.total > 0 && this.pending.total === 0) this.#pendingSinceMs = nowMs;
    for (const part of missing) this.pending.add(part.start, part.end);
  }

  /** A path is gone for good. */
  forgetPath(pathId: number): void {
    this.#flights.delete(pathId);
  }

  /** The subscriber tells what it has. Throws ProtocolViolation for what was never sent. */
  have({ contiguous, ranges }: HaveFrame): void {
    if (contiguous > this.store.newest || (ranges.at(-1)?.end ?? 0) > this.store.newest) {
      throw new ProtocolViolation('HAVE of bytes that do not exist');
    }
    if (!this.#start) return;
    this.acked({ start: 0, end: contiguous });
    for (const range of ranges) this.acked(range);
  }

  #begin({ record, pinned }: StartPoint): void {
    const { offset, mediaTimeUs, audioBytes, repeat } = record;
    const serial = (this.#start?.serial ?? 0) + 1;
    // All are named, also those that arrived: only the subscriber knows which of them it has read.
    const unacked = pinned.flatMap((before) => [...this.#acked.missing(before.offset, endOf(before))]);
    this.#start = {
      type: 'start',
      channel: this.id,
      serial,
      offset,
      mediaTimeUs: Math.round(mediaTimeUs),
      audioBytes,
      repeatBytes: repeat.bytes,
      repeatTicks: repeat.ticks,
      pinned: pinned.map((before) => ({ start: before.offset, end: endOf(before) })),
    };
    this.pending.remove(0, offset);
    if (serial === 1) this.pending.add(offset, this.#seen);
    this.#acked.add(0, offset);
    for (const { start, end } of unacked) {
      this.#acked.remove(start, end);
      this.pending.add(start, end);
    }
  }

  // What is left to send came later than what was sent.
  #forgetArrivals(): void {
    const next = this.pending.first?.start ?? Number.POSITIVE_INFINITY;
    let known: number | undefined;
    while (this.#arrivals.length > 0 && this.#arrivals[0]!.offset <= next) known = this.#arrivals.shift()!.ms;
    if (known !== undefined) this.#pendingSinceMs = known;
  }

  #limit(from: number): number {
    return Math.min(this.#windowEnd(), this.store.heldUntil(from));
  }

  #windowEnd(): number {
    const first = this.#acked.first;
    const contiguous = first?.start === 0 ? first.end : 0;
    return Math.max(contiguous, this.#start!.offset) + this.#want!.windowBytes;
  }

  #flight(pathId: number): RangeSet {
    const flight = this.#flights.get(pathId) ?? new RangeSet();
    this.#flights.set(pathId, flight);
    return flight;
  }
}
