import { endOf, isPinned, PINNED_TYPES, type StoredRecord } from './stored-record.ts';
import { encodeRecord, type RepeatState, type StreamRecord } from './stream-records.ts';

/** What a store is and how much it keeps; the tighter bound wins. */
export interface ChannelStoreOptions {
  readonly name: string;
  /** Hex of 8 random bytes. A store read from disk keeps its epoch only when it has every byte that was ever sent. */
  readonly epoch: string;
  readonly keepMs: number;
  readonly maxBytes: number;
  /** What a store of that epoch held: this one goes on where it ended. */
  readonly held?: StoreSnapshot;
  /** Called with each record before any session learns of it: a store on disk writes it here. Must not throw. */
  readonly keep?: (record: StoredRecord) => void;
}

/** All that a store holds, and where it stands. */
export interface StoreSnapshot {
  /** What holds at the oldest record and came before it, ascending. */
  readonly pinned: readonly StoredRecord[];
  /** Oldest first, without a hole. */
  readonly records: readonly StoredRecord[];
  /** What the next record would be: its offset, time and so on; `bytes` are empty. */
  readonly end: StoredRecord;
  readonly ticksPerSecond: number;
}

/** Where a reader begins: a record, and what holds there. */
export interface StartPoint {
  readonly record: StoredRecord;
  /** The format, the title, the origin and the station that hold at `record` and came before it, ascending. */
  readonly pinned: readonly StoredRecord[];
}

const RATE_WINDOW_US = 5e6;

/**
 * One published stream: a continuous stream of bytes with absolute offsets, of which the newest `keepMs` are kept.
 * It outlives sessions and may serve any number of them; it keeps the last format, title, origin and station for ever.
 */
export class ChannelStore {
  readonly name: string;
  readonly epoch: string;
  readonly #keepUs: number;
  readonly #maxBytes: number;
  #records: StoredRecord[] = [];
  #head = 0; // index of the oldest, so that eviction does not shift each time
  #pinned: StoredRecord[] = []; // the last of each that holds on, from before the oldest
  #newest = 0;
  #heldBytes = 0;
  #mediaTimeUs = 0;
  #audioBytes = 0;
  #ticksPerSecond = 1_000_000;
  #isClosed = false;
  readonly #repeat: RepeatState = { bytes: 0, ticks: 0 };
  readonly #keep: ((record: StoredRecord) => void) | undefined;
  readonly #listeners = new Set<() => void>();

  constructor({ name, epoch, keepMs, maxBytes, held, keep }: ChannelStoreOptions) {
    this.name = name;
    this.epoch = epoch;
    this.#keepUs = keepMs * 1000;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    if (!held) return;
    this.#records = [...held.records];
    this.#pinned = [...held.pinned];
    this.#newest = held.end.offset;
    this.#heldBytes = held.records.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#mediaTimeUs = held.end.mediaTimeUs;
    this.#audioBytes = held.end.audioBytes;
    this.#ticksPerSecond = held.ticksPerSecond;
    Object.assign(this.#repeat, held.end.repeat);
    this.#evict();
  }

  /** All that is held; a store made with it goes on byte for byte. */
  snapshot(): StoreSnapshot {
    const records = this.#records.slice(this.#head);
    return { pinned: [...this.#pinned], records, end: this.#end(), ticksPerSecond: this.#ticksPerSecond };
  }

  /** Offset of the oldest record kept; `newest` when none is. */
  get oldest(): number {
    return this.#records[this.#head]?.offset ?? this.#newest;
  }

  /** Offset of the next byte to come. */
  get newest(): number {
    return this.#newest;
  }

  /** End of the stream on its own time line, in microseconds. */
  get mediaTimeUs(): number {
    return this.#mediaTimeUs;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes a second of audio, over the last 5 s; 0 while nothing is known. */
  get bytesPerSecond(): number {
    const from = this.recordAtTime(this.#mediaTimeUs - RATE_WINDOW_US);
    const spanUs = from ? this.#mediaTimeUs - from.mediaTimeUs : 0;
    return from && spanUs > 0 ? ((this.#newest - from.offset) * 1e6) / spanUs : 0;
  }

  /** Adds a record at the end and tells the sessions. The first must be a format. Throws RangeError after `close`. */
  append(record: StreamRecord): void {
    if (this.#isClosed) throw new RangeError('the channel is closed');
    const { mediaTimeUs } = this;
    const repeat = { ...this.#repeat };
    const bytes = encodeRecord(record, this.#repeat);
    const audioBytes = this.#audioBytes;
    const stored: StoredRecord = { type: record.type, offset: this.#newest, bytes, mediaTimeUs, audioBytes, repeat };
    this.#records.push(stored);
    this.#newest += bytes.length;
    this.#heldBytes += bytes.length;
    if (record.type === 'format') this.#ticksPerSecond = record.ticksPerSecond;
    if (record.type === 'audio') {
      this.#mediaTimeUs += (record.ticks * 1e6) / this.#ticksPerSecond;
      this.#audioBytes += record.data.length;
    }
    this.#evict();
    this.#keep?.(stored);
    for (const listener of this.#listeners) listener();
  }

  /** No more records will come; what is kept stays for those who want it. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change until the returned function is called. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the byte at `offset` is kept. */
  holds(offset: number): boolean {
    return (offset >= this.oldest && offset < this.#newest) || this.#pinnedWith(offset) !== undefined;
  }

  /** The end of what is kept without a hole from `offset` on; `offset` itself when it is not kept. */
  heldUntil(offset: number): number {
    const pinned = this.#pinnedWith(offset);
    if (pinned) return endOf(pinned);
    return this.holds(offset) ? this.#newest : offset;
  }

  /** At most `maxBytes` from `offset` on; fewer at the end of what is kept. Throws RangeError when nothing is there. */
  read(offset: number, maxBytes: number): Buffer {
    const pinned = this.#pinnedWith(offset);
    if (pinned) return pinned.bytes.subarray(offset - pinned.offset, offset - pinned.offset + maxBytes);
    if (!this.holds(offset)) throw new RangeError(`offset ${offset} is not kept`);
    const parts: Buffer[] = [];
    let length = 0;
    for (let index = this.#indexAfter(offset) - 1; length < maxBytes && index < this.#records.length; index++) {
      const record = this.#records[index]!;
      const from = Math.max(0, offset - record.offset);
      const part = record.bytes.subarray(from, from + maxBytes - length);
      parts.push(part);
      length += part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
  }

  /** The record that begins at or after `offset`; undefined at the newest end. */
  recordFrom(offset: number): StoredRecord | undefined {
    const index = this.#indexAfter(offset) - 1;
    const record = this.#records[Math.max(index, this.#head)];
    return record && record.offset < offset ? this.#records[index + 1] : record;
  }

  /** The newest record that begins at or before `mediaTimeUs`, else the oldest. */
  recordAtTime(mediaTimeUs: number): StoredRecord | undefined {
    let low = this.#head;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle]!.mediaTimeUs <= mediaTimeUs) low = middle + 1;
      else high = middle;
    }
    return this.#records[Math.max(low - 1, this.#head)];
  }

  /** Media time of the record that holds `offset`; of the oldest when that is gone. */
  timeAt(offset: number): number {
    return this.#records[Math.max(this.#indexAfter(offset) - 1, this.#head)]?.mediaTimeUs ?? this.#mediaTimeUs;
  }

  /** Start at a record, with what holds there. `undefined` is the end: what comes next. */
  startAt(record: StoredRecord | undefined): StartPoint {
    const at = record ?? this.#end();
    const pinned = PINNED_TYPES.map((type) => this.#lastBefore(type, at.offset));
    return { record: at, pinned: pinned.filter((found) => found !== undefined).sort((a, b) => a.offset - b.offset) };
  }

  #end(): StoredRecord {
    return {
      type: 'audio',
      offset: this.#newest,
      bytes: Buffer.alloc(0),
      mediaTimeUs: this.#mediaTimeUs,
      audioBytes: this.#audioBytes,
      repeat: { ...this.#repeat },
    };
  }

  #lastBefore(type: (typeof PINNED_TYPES)[number], offset: number): StoredRecord | undefined {
    for (let index = this.#records.length - 1; index >= this.#head; index--) {
      const record = this.#records[index]!;
      if (record.type === type && record.offset < offset) return record;
    }
    return this.#pinned.find((record) => record.type === type);
  }

  #pinnedWith(offset: number): StoredRecord | undefined {
    return this.#pinned.find((record) => offset >= record.offset && offset < endOf(record));
  }

  // Index after the last record that begins at or before `offset`.
  #indexAfter(offset: number): number {
    let low = this.#head;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #evict(): void {
    while (this.#records.length - this.#head > 1) {
      const second = this.#records[this.#head + 1]!;
      if (this.#mediaTimeUs - second.mediaTimeUs < this.#keepUs && this.#heldBytes <= this.#maxBytes) break;
      const oldest = this.#records[this.#head++]!;
      this.#heldBytes -= oldest.bytes.length;
      if (isPinned(oldest)) {
        this.#pinned = [...this.#pinned.filter(({ type }) => type !== oldest.type), oldest];
      }
    }
    if (this.#head > 64 && this.#head * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }
}
