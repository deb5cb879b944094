import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Fragment, StreamFormat } from '../../core/fragment.ts';
import type { ListenerInfo } from '../../modules/network.ts';
import type { StreamView } from '../../modules/output.ts';
import { ListenerGroups } from './group.ts';
import { type IcyTrack, interleaveBatch } from './icy-track.ts';
import { findJoinPoint } from './join-point.ts';
import { type LeaveReason, Listener } from './listener.ts';
import { metadataInterval } from './metadata-interval.ts';
import { findResumePoint, type StreamPosition } from './resume-point.ts';
import { type Sender, sendSoon } from './send-round.ts';
import { joinFragments } from './wire-batch.ts';

/** Options of a listener hub. */
export interface HubOptions {
  readonly clock: Clock;
  readonly stream: StreamView;
  /** At most one write a listener in this time. */
  readonly tickMs: number;
  /** Audio that a new listener is sent at once. */
  readonly burstMs: number;
  /** Bytes between metadata blocks; undefined: chosen by the format. */
  readonly metadataInterval?: number | undefined;
  /** A listener that could not take all for so long is dropped; 0 never. */
  readonly slowAfterMs: number;
  /** And one that has more bytes than this waiting. */
  readonly maxQueuedBytes: number;
  readonly onLeave?: (listener: Listener, reason: LeaveReason) => void;
  /** Sending failed for a reason that is no listener's; the hub sends no more. */
  readonly onFault?: (error: unknown) => void;
}

/** A player that wants to listen. */
export interface Joining {
  readonly socket: Socket;
  readonly address: string;
  readonly agent: string;
  /** It asked for inline metadata. */
  readonly icy: boolean;
  /** The byte that it wants first, when it goes on after a lost connection; not with inline metadata. */
  readonly from?: StreamPosition | undefined;
  /** Makes the response head for the format of the first byte; `metaint` when metadata will be inside. */
  readonly head: (
    format: StreamFormat | undefined,
    metaint: number | undefined,
    position: StreamPosition | undefined,
  ) => Buffer;
}

/** How a new listener begins: the same for all who join between two flushes in the same way. */
export interface Opening {
  /** The format of the first byte. */
  readonly format: StreamFormat | undefined;
  /** Audio bytes between metadata blocks; undefined when there will be none. */
  readonly metaint: number | undefined;
  /** What is sent at once; undefined for nothing. */
  readonly burst: Buffer | undefined;
  /** Where the first byte lies; undefined before the first audio, and when the first bytes are headers or metadata. */
  readonly position: StreamPosition | undefined;
}

interface JoinImage extends Opening {
  readonly track: IcyTrack | undefined;
}

/** Bytes for some listeners. */
interface Delivery {
  readonly data: Buffer;
  readonly listeners: readonly Listener[];
  /** Only the first so many: who joins while this is being sent already has it. */
  readonly count: number;
}

/** More than any burst: what a first listener is sent was never counted, and has a position all the same. */
const FIRST_BYTE = 1e9;

const LISTENER = Symbol('listener');
type ListenerSocket = Socket & { [LISTENER]?: { hub: ListenerHub; listener: Listener } };

function onSocketGone(this: Socket): void {
  const owner = (this as ListenerSocket)[LISTENER];
  owner?.hub.leave(owner.listener, 'closed');
}

function ignore(): void {}

/**
 * Sends one stream to many listeners: shared buffers, one write a listener and
 * tick, the burst at once. Owns the sockets given to it.
 */
export class ListenerHub implements Sender {
  readonly #options: HubOptions;
  readonly #listeners = new Map<number, Listener>();
  readonly #groups = new ListenerGroups();
  readonly #unsubscribe: () => void;
  #nextId = 1;
  #flushed: Fragment | undefined;
  /** Released since the last flush; held here, since the buffer may let go of them before the tick is over. */
  #unsent: Fragment[] = [];
  #format: StreamFormat | undefined;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  /** The newest span of time, of a tick's length, in which was written. */
  #writtenSpan = -1;
  #timer: Timer | undefined;
  #images = new Map<string, JoinImage>();
  /** Waits for its turn to write, or has more to write than one turn. */
  #sending = false;
  /** Some of the groups' listeners are gone. */
  #someLeft = false;
  /** What is still to be written, and to whom of the first. */
  #work: Delivery[] = [];
  #workAt = 0;
  #closed = false;
  /** The byte behind all that was sent: what everybody who listens without titles has counted to. */
  #edge: StreamPosition = { run: randomBytes(8).toString('hex'), byte: FIRST_BYTE };
  #interval: { format: StreamFormat; bytes: number } | undefined;
  readonly counters = { joins: 0, bytesSent: 0, peak: 0, slow: 0, kicked: 0 };

  constructor(options: HubOptions) {
    this.#options = options;
    this.#unsubscribe = options.stream.onRelease(() => this.#collect());
    this.#flushed = options.stream.released;
    this.#format = this.#flushed?.format;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** How many different byte streams are sent. */
  get groupCount(): number {
    return this.#groups.count;
  }

  clients(): Iterable<ListenerInfo> {
    return Array.from(this.#listeners.values(), (listener) => listener.info());
  }

  /** What a listener who joined now would be sent first. */
  opening(icy: boolean): Opening {
    return this.#image(icy);
  }

  /** Sends head and burst and keeps the listener until its socket closes or `leave`. */
  join(joining: Joining): void {
    const { clock } = this.#options;
    const { socket, icy, from } = joining;
    if (this.#closed || socket.destroyed) return void socket.destroy(); // its `close` may be over: nothing would take it out
    const image = (from && !icy ? this.#resumed(from) : undefined) ?? this.#image(icy);
    const listener = new Listener(this.#nextId++, socket, joining.address, joining.agent, clock.nowMs());
    (socket as ListenerSocket)[LISTENER] = { hub: this, listener };
    socket.on('error', ignore);
    socket.on('close', onSocketGone);
    socket.resume(); // what it sends is of no interest, that it closes is
    socket.cork();
    socket.write(joining.head(image.format, image.metaint, image.position));
    if (image.burst) listener.write(image.burst);
    socket.uncork();
    this.#listeners.set(listener.id, listener);
    this.#groups.add(listener, image.track);
    this.counters.joins++;
    this.counters.bytesSent += image.burst?.length ?? 0;
    this.counters.peak = Math.max(this.counters.peak, this.#listeners.size);
  }

  /** Disconnects a listener; false when there is none of that id. */
  kick(id: number): boolean {
    const listener = this.#listeners.get(id);
    if (listener) this.leave(listener, 'kicked');
    return listener !== undefined;
  }

  /** Takes a listener out and closes its socket. */
  leave(listener: Listener, reason: LeaveReason): void {
    if (!this.#listeners.delete(listener.id)) return;
    this.#someLeft = true;
    if (reason === 'slow') this.counters.slow++;
    if (reason === 'kicked') this.counters.kicked++;
    (listener.socket as ListenerSocket)[LISTENER] = undefined as never;
    listener.socket.destroy();
    this.#options.onLeave?.(listener, reason);
  }

  /** Disconnects everybody. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#timer?.cancel();
    for (const listener of [...this.#listeners.values()]) this.leave(listener, 'shutdown');
    this.#groups.clear();
    this.#work = [];
  }

  #collect(): void {
    const { released, buffer } = this.#options.stream;
    if (!released) return;
    if (this.#listeners.size === 0 && !this.#sending) return this.#skipTo(released);
    const last = this.#unsent.at(-1) ?? this.#flushed;
    for (const fragment of upTo(buffer.from(last ? last.sequence + 1 : released.sequence), released)) {
      this.#unsent.push(fragment);
    }
    this.#schedule();
  }

  /** Nobody listens: the next listener begins from here. */
  #skipTo(newest: Fragment): void {
    const last = this.#flushed;
    // Counted as if somebody listened: who was alone and comes back goes on.
    const skipped = upTo(this.#options.stream.buffer.from((last?.sequence ?? newest.sequence - 1) + 1), newest);
    this.#advance(joinedLength(skipped, this.#format));
    this.#flushed = newest;
    this.#format = newest.format;
    this.#unsent = [];
    this.#images.clear();
    this.#groups.clear();
  }

  /** Once in each span of time, the spans of all hubs being the same: so those who are fed together write together. */
  #schedule(): void {
    if (this.#timer || this.#sending || this.#closed) return;
    const { clock, tickMs } = this.#options;
    const nowMs = clock.nowMs();
    // Sources are read at whole ticks: the middle of a span, so that a little early or late is still the same span.
    const span = Math.floor(nowMs / tickMs + 0.5);
    if (span > this.#writtenSpan) return this.#sendSoon(span);
    const next = this.#writtenSpan + 1;
    this.#timer = clock.after((next - 0.5) * tickMs - nowMs, () => {
      this.#timer = undefined;
      this.#sendSoon(next);
    });
  }

  #sendSoon(span: number): void {
    this.#writtenSpan = span;
    this.#sending = true;
    sendSoon(this);
  }

  /** Its turn to write; for the round of senders only. */
  send(most: number): number | undefined {
    if (this.#work.length === 0) this.#flush();
    let left = most;
    for (let delivery = this.#work[0]; delivery; delivery = this.#work[0]) {
      const { data, listeners, count } = delivery;
      while (this.#workAt < count) {
        if (left-- === 0) return undefined;
        this.#sendTo(listeners[this.#workAt++]!, data);
      }
      this.#work.shift();
      this.#workAt = 0;
    }
    this.#sending = false;
    if (this.#unsent.length > 0) this.#schedule();
    return left;
  }

  /** For the round of senders only. */
  failed(error: unknown): void {
    this.#options.onFault?.(error);
  }

  #flush(): void {
    const newest = this.#unsent.at(-1);
    if (!newest || this.#closed) return;
    this.#lastFlushMs = this.#options.clock.nowMs();
    if (this.#listeners.size === 0) return this.#skipTo(newest);
    this.#images.clear();
    const batch = joinFragments(this.#unsent, this.#format);
    this.#flushed = newest;
    this.#unsent = [];
    this.#format = batch.format;
    for (const group of this.#groups.values()) {
      if (this.#someLeft) group.listeners = group.listeners.filter((listener) => this.#listeners.has(listener.id));
      const data = group.track ? interleaveBatch(batch, group.track) : batch.data;
      this.#work.push({ data, listeners: group.listeners, count: group.listeners.length });
    }
    this.#someLeft = false;
    this.#groups.advanced(batch.data.length);
    this.#advance(batch.data.length);
  }

  #sendTo(listener: Listener, data: Buffer): void {
    if (!this.#listeners.has(listener.id)) return;
    if (this.#isSlow(listener)) return this.leave(listener, 'slow');
    listener.write(data);
    this.counters.bytesSent += data.length;
  }

  #isSlow(listener: Listener): boolean {
    const queued = listener.socket.writableLength;
    if (queued === 0) {
      listener.behindSinceMs = 0;
      return false;
    }
    const { slowAfterMs, maxQueuedBytes } = this.#options;
    listener.behindSinceMs ||= this.#lastFlushMs;
    const behindMs = this.#lastFlushMs - listener.behindSinceMs;
    // One large write (the burst, what a line gives after an outage) is shared memory and no sign of a slow listener.
    return queued > maxQueuedBytes + listener.largestWrite || (slowAfterMs > 0 && behindMs >= slowAfterMs);
  }

  #image(icy: boolean): JoinImage {
    // A stream may fall silent without another flush: the burst of before is then stale.
    const key = `${icy}/${this.#options.stream.live}`;
    let image = this.#images.get(key);
    if (!image) {
      image = this.#makeImage(icy);
      this.#images.set(key, image);
    }
    return image;
  }

  #makeImage(icy: boolean): JoinImage {
    const newest = this.#flushed ?? this.#begin();
    const { stream, burstMs } = this.#options;
    const metaint = icy && newest ? this.#metaint(newest) : undefined;
    const track = metaint ? { metaint, position: 0, shown: undefined } : undefined;
    if (!newest || !stream.live || burstMs === 0) {
      const format = newest?.format;
      // Without a burst the decoder still needs its headers; the next flush does not repeat them.
      const headers = format?.headers;
      if (!headers?.length) return { format, metaint, burst: undefined, track, position: this.#edge };
      const batch = { data: headers, opening: stream.metadata, marks: [], format };
      return { format, metaint, burst: track ? interleaveBatch(batch, track) : headers, track, position: undefined };
    }
    const preference = metaint ? this.#preference(metaint) : undefined;
    const { fragment, offset } = findJoinPoint(stream.buffer, newest, burstMs, preference);
    const batch = joinFragments(upTo(stream.buffer.from(fragment.sequence), newest), undefined, offset);
    const burst = track ? interleaveBatch(batch, track) : batch.data;
    const isBare = !track && fragment.format.headers.length === 0;
    const position = isBare ? this.#before(batch.data.length) : undefined;
    return { format: fragment.format, metaint, burst, track, position };
  }

  /** All that a listener missed, from the byte that it wants on; undefined when it cannot go on there. */
  #resumed({ run, byte }: StreamPosition): JoinImage | undefined {
    const newest = this.#flushed;
    const behind = this.#edge.byte - byte;
    if (!newest || run !== this.#edge.run || behind < 0) return undefined;
    const { buffer } = this.#options.stream;
    const point = behind > 0 ? findResumePoint(buffer, newest, behind) : undefined;
    if (behind > 0 && !point) return undefined;
    const missed = point && upTo(buffer.from(point.fragment.sequence), newest);
    const burst = missed && joinFragments(missed, newest.format, point.offset).data;
    return { format: newest.format, metaint: undefined, burst, track: undefined, position: { run, byte } };
  }

  #before(bytes: number): StreamPosition {
    return { run: this.#edge.run, byte: this.#edge.byte - bytes };
  }

  #advance(bytes: number): void {
    this.#edge = { run: this.#edge.run, byte: this.#edge.byte + bytes };
  }

  /** Chosen once for a format, so that listeners can share. */
  #metaint(newest: Fragment): number | undefined {
    if (this.#options.metadataInterval !== undefined) return this.#options.metadataInterval || undefined;
    if (this.#interval?.format !== newest.format) {
      this.#interval = { format: newest.format, bytes: metadataInterval(newest) };
    }
    return this.#interval.bytes;
  }

  #preference(metaint: number) {
    const shown = this.#options.stream.metadata;
    return {
      any: () => this.#groups.firstPosition(metaint),
      bytesToEnd: (bytes: number) => this.#groups.has(metaint, bytes, shown),
      interval: metaint,
    };
  }

  /** The first listener came before the first flush: the live edge is what is released now. */
  #begin(): Fragment | undefined {
    this.#flushed = this.#options.stream.released;
    this.#format = this.#flushed?.format;
    return this.#flushed;
  }
}

/** As long as `joinFragments` makes it. */
function joinedLength(fragments: Iterable<Fragment>, format: StreamFormat | undefined): number {
  let bytes = 0;
  let current = format;
  for (const fragment of fragments) {
    if (fragment.format !== current) bytes += fragment.format.headers.length;
    current = fragment.format;
    bytes += fragment.data.length;
  }
  return bytes;
}

function* upTo(fragments: Iterable<Fragment>, newest: Fragment): Generator<Fragment> {
  for (const fragment of fragments) {
    if (fragment.sequence > newest.sequence) return;
    yield fragment;
  }
}
