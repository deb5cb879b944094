import type { DataFrame, HaveFrame, OpenFrame, StartFrame, WantFrame } from './frames.ts';
import { MAX_RANGES } from './frames.ts';
import { type Range, RangeSet } from './range-set.ts';
import { RecordReader, type StreamRecord } from './stream-records.ts';

/** Where a subscriber stands: what it keeps beside its buffer to go on after a restart. */
export interface ChannelPosition {
  readonly epoch: string;
  /** The first byte of the first record that is not held. */
  readonly offset: number;
  readonly mediaTimeUs: number;
}

/** Why bytes of a stream never came. */
export type GapCause =
  | 'eviction' // the publisher no longer had them: the line was down longer than its buffer
  | 'new-epoch'; // the publisher began anew; how much is missing nobody knows

/** Takes a channel's records in order. Called from within `LinkSession.receive`; must not throw. */
export interface ChannelSink {
  /** `audioOffset`: audio bytes of the epoch before an audio record's first. */
  record(record: StreamRecord, audioOffset: number): void;
  /** Audio is missing before the next record. */
  gap(cause: GapCause, lostMs: number | undefined): void;
  /** The publisher closed the channel and all of it has been delivered. */
  end?(): void;
}

export interface ReceiveChannelOptions {
  readonly name: string;
  readonly sink: ChannelSink;
  /** Audio wanted from before the live edge when the epoch is unknown. */
  readonly backMs: number;
  /** Most bytes held out of order. Default 4 MiB. */
  readonly windowBytes?: number;
  /** What the store from before a restart holds. */
  readonly held?: ChannelPosition;
}

const DEFAULT_WINDOW_BYTES = 4 << 20;
const MAX_PIECES = 4096;
const UNKNOWN = -1;

/** Puts a subscribed channel's pieces in order and reads its records. It outlives sessions and publishers. */
export class ReceiveChannel {
  readonly name: string;
  readonly windowBytes: number;
  readonly #sink: ChannelSink;
  readonly #backMs: number;
  #channel: number | undefined; // the publisher's number, within its instance
  #epoch: string | undefined;
  #cursor = UNKNOWN; // the next byte to read
  #segments: Range[] = []; // what is read before #resume: pinned records
  #resume = UNKNOWN; // where the stream goes on after the segments
  #serial = 0;
  #pieces = new Map<number, Buffer>();
  readonly #held = new RangeSet();
  #reader = new RecordReader();
  #mediaTimeUs = 0;
  #hasAudio = false; // of this epoch, here or before a restart: what lacks after it is a gap
  #audioBytes = 0;
  #ticksPerSecond = 1_000_000;
  #wanted: number | undefined;
  #endAt: number | undefined;
  #next: StartFrame | undefined; // a START whose pinned records are being read
  duplicateBytes = 0;
  refusedBytes = 0;

  constructor({ name, sink, backMs, windowBytes = DEFAULT_WINDOW_BYTES, held }: ReceiveChannelOptions) {
    this.name = name;
    this.#sink = sink;
    this.#backMs = backMs;
    this.windowBytes = windowBytes;
    if (!held) return;
    this.#epoch = held.epoch;
    this.#cursor = held.offset;
    this.#mediaTimeUs = held.mediaTimeUs;
    this.#hasAudio = true;
  }

  /** The publisher's number of this channel while it is open. */
  get channel(): number | undefined {
    return this.#channel;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** End of the delivered audio on the publisher's time line, in microseconds. */
  get mediaTimeUs(): number {
    return this.#mediaTimeUs;
  }

  get outOfOrderBytes(): number {
    return this.#held.total;
  }

  /** What to keep for a restart; undefined before the first START. */
  get position(): ChannelPosition | undefined {
    if (this.#epoch === undefined || this.#cursor === UNKNOWN) return undefined;
    if (this.#next) return { epoch: this.#epoch, offset: this.#resume, mediaTimeUs: this.#next.mediaTimeUs };
    return { epoch: this.#epoch, offset: this.#cursor - this.#reader.heldBytes, mediaTimeUs: this.#mediaTimeUs };
  }

  /** The publisher offers the channel. The WANT that `wantFrame` gives is due. */
  open({ channel, epoch }: OpenFrame): void {
    if (this.#channel === channel && this.#epoch === epoch) return;
    const restart = this.position;
    this.#channel = channel;
    this.#serial = 0;
    this.#next = undefined;
    this.#segments = [];
    this.#clearPieces();
    if (restart && restart.epoch === epoch) {
      // Bytes of a record that was not whole come again: the publisher begins at records.
      this.#cursor = restart.offset;
      this.#mediaTimeUs = restart.mediaTimeUs;
    } else {
      if (this.#epoch !== undefined && this.#epoch !== epoch) this.#sink.gap('new-epoch', undefined);
      this.#epoch = epoch;
      this.#cursor = UNKNOWN;
      this.#mediaTimeUs = 0;
      this.#audioBytes = 0;
      this.#hasAudio = false;
    }
    this.#reader = new RecordReader();
    this.#wanted = this.#cursor === UNKNOWN ? undefined : this.#cursor;
    this.#endAt = undefined;
  }

  /** The publisher's instance is gone; its numbers mean nothing any more. */
  close(): void {
    this.#channel = undefined;
  }

  wantFrame(): WantFrame {
    const { windowBytes } = this;
    return { type: 'want', channel: this.#channel!, offset: this.#wanted, backMs: this.#backMs, windowBytes };
  }

  /** All that is here, for the sender; undefined before the START. */
  haveFrame(maxRanges = MAX_RANGES): HaveFrame | undefined {
    if (this.#serial === 0 || this.#channel === undefined) return undefined;
    const ranges: Range[] = [];
    for (const range of this.#held) {
      if (ranges.length === Math.min(maxRanges, MAX_RANGES)) break;
      ranges.push(range);
    }
    return { type: 'have', channel: this.#channel, contiguous: this.#cursor, ranges };
  }

  /** The publisher begins, or leaves out what it no longer has. */
  start(frame: StartFrame): void {
    if (frame.serial <= this.#serial) return;
    const isFirst = this.#serial === 0;
    this.#serial = frame.serial;
    if (!isFirst && this.#resumeAt() >= frame.offset) return;
    const from = this.#cursor;
    const isGap = this.#hasAudio && from !== UNKNOWN && frame.offset > from;
    // What an earlier START promised is lost too when nothing of it came.
    const expectedUs = this.#next?.mediaTimeUs ?? this.#mediaTimeUs;
    const lostMs = Math.max(0, (frame.mediaTimeUs - expectedUs) / 1000);
    this.#next = frame;
    this.#resume = frame.offset;
    this.#segments = frame.pinned.filter(({ end }) => isFirst || end > from);
    const begin = this.#segments[0]?.start ?? frame.offset;
    // The front of the first pinned record was read, and acknowledged: it goes on there.
    const isWithin = !isFirst && this.#reader.heldBytes > 0 && from - this.#reader.heldBytes === begin;
    if (!isWithin) this.#reader = new RecordReader();
    this.#cursor = isWithin ? from : begin;
    this.#dropBelow(frame.offset, this.#segments);
    if (isGap) this.#sink.gap('eviction', lostMs);
    if (this.#segments.length === 0) this.#enter();
    this.#deliver();
  }

  /** The publisher has closed the channel; it ends at `newest`. */
  end(newest: number): void {
    this.#endAt = newest;
    this.#finish();
  }

  /** A piece. Returns false when there is no room to hold it: then it must not be acknowledged. */
  data({ offset, data }: DataFrame): boolean {
    const end = offset + data.length;
    // Before the START nobody knows what of it is needed.
    const isStarted = this.#serial > 0;
    const from = isStarted ? Math.max(offset, this.#cursor) : offset;
    if (data.length > 0 && from >= end) this.duplicateBytes += data.length;
    if (from >= end) return true;
    const isNext = isStarted && from === this.#cursor;
    if (!isNext && !this.#hasRoom(data.length)) {
      this.refusedBytes += data.length;
      return false;
    }
    let kept = 0;
    for (const part of [...this.#held.missing(from, end)]) {
      this.#pieces.set(part.start, data.subarray(part.start - offset, part.end - offset));
      this.#held.add(part.start, part.end);
      kept += part.end - part.start;
    }
    this.duplicateBytes += data.length - kept;
    this.#deliver();
    return true;
  }

  #hasRoom(bytes: number): boolean {
    return this.#held.total + bytes <= this.windowBytes * 2 && this.#pieces.size < MAX_PIECES;
  }

  #resumeAt(): number {
    return this.#segments.length > 0 ? this.#resume : this.#cursor;
  }

  #deliver(): void {
    if (this.#serial === 0 || this.#cursor === UNKNOWN) return;
    for (let piece = this.#pieces.get(this.#cursor); piece; piece = this.#pieces.get(this.#cursor)) {
      const segmentEnd = this.#segments[0]?.end ?? Number.POSITIVE_INFINITY;
      this.#pieces.delete(this.#cursor);
      const end = this.#cursor + piece.length;
      const used = Math.min(end, segmentEnd);
      if (end > used) this.#pieces.set(used, piece.subarray(used - this.#cursor));
      const records = this.#reader.push(piece.subarray(0, used - this.#cursor));
      this.#held.remove(this.#cursor, used);
      this.#cursor = used;
      if (used === segmentEnd) this.#nextSegment();
      for (const record of records) this.#take(record);
    }
    this.#finish();
  }

  #nextSegment(): void {
    this.#segments.shift();
    this.#cursor = this.#segments[0]?.start ?? this.#resume;
    this.#dropBelow(this.#cursor, []);
    if (this.#segments.length === 0) this.#enter();
  }

  // The stream itself goes on, at the place that START named.
  #enter(): void {
    const { repeatBytes, repeatTicks, mediaTimeUs, audioBytes } = this.#next!;
    this.#reader = new RecordReader({ bytes: repeatBytes, ticks: repeatTicks });
    this.#mediaTimeUs = mediaTimeUs;
    this.#audioBytes = audioBytes;
    this.#next = undefined;
  }

  #take(record: StreamRecord): void {
    if (record.type === 'format') this.#ticksPerSecond = record.ticksPerSecond;
    this.#sink.record(record, this.#audioBytes);
    if (record.type !== 'audio') return;
    this.#hasAudio = true;
    this.#mediaTimeUs += (record.ticks * 1e6) / this.#ticksPerSecond;
    this.#audioBytes += record.data.length;
  }

  #finish(): void {
    if (this.#endAt === undefined || this.#serial === 0 || this.#resumeAt() < this.#endAt) return;
    this.#endAt = undefined;
    this.#sink.end?.();
  }

  #dropBelow(offset: number, except: readonly Range[]): void {
    const pieces = [...this.#pieces].sort(([a], [b]) => a - b);
    this.#clearPieces();
    const wanted = [...except, { start: offset, end: Number.MAX_SAFE_INTEGER }];
    for (const [start, data] of pieces) {
      for (const range of wanted) {
        const from = Math.max(start, range.start);
        const to = Math.min(start + data.length, range.end);
        if (from >= to) continue;
        this.#pieces.set(from, data.subarray(from - start, to - start));
        this.#held.add(from, to);
      }
    }
  }

  #clearPieces(): void {
    this.#pieces = new Map();
    this.#held.clear();
  }
}
