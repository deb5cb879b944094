import type { AudioItem } from '../../core/audio-item.ts';
import type { StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { isSameStation } from '../../protocols/link/station-record.ts';
import { MAX_RECORD_BYTES, type StreamRecord } from '../../protocols/link/stream-records.ts';

/** Above this a microsecond is no longer less than half a sample, and the rate says nothing of a real stream. */
const MAX_SAMPLE_RATE = 400_000;
const MICROSECONDS = 1_000_000;
/** Bytes without borders go in pieces that fit a packet, so that each can be passed on as it comes. */
const OPAQUE_PIECE_BYTES = 1400;
const MAX_HEADER_BYTES = MAX_RECORD_BYTES - 1024;

/** Where a run of audio was published up to. */
export interface FeedPosition {
  readonly epoch: string;
  /** The next byte of that run. */
  readonly byte: number;
}

/** Where the records go. */
export interface FeedTarget {
  append(record: StreamRecord): void;
  /** Audio bytes of the channel so far. */
  readonly audioBytes: number;
}

/** Ticks a second of a format's audio records: whole samples where frames are made of them, else microseconds. */
export function ticksPerSecondOf({ codec, sampleRate }: StreamFormat): number {
  const isSampled = codec !== 'opaque' && sampleRate !== undefined && sampleRate > 0 && sampleRate <= MAX_SAMPLE_RATE;
  return isSampled ? sampleRate : MICROSECONDS;
}

/** Turns a stream's frames into the records of a channel. */
export class RecordFeed {
  readonly #target: FeedTarget;
  #position: FeedPosition | undefined;
  /** What was published before this feed began is not published again. */
  #isResuming: boolean;
  #format: StreamFormat | undefined;
  #ticksPerSecond = MICROSECONDS;
  #metadata: TrackMetadata | undefined;
  readonly #stationNow: () => StationInfo;
  #station: StationInfo = {};
  /** Of a tick, what the records so far fell short of the durations. */
  #owedTicks = 0;
  #isTooLong = false;

  /** `published`: up to where the target was fed before; `station`: what the source says of itself now. */
  constructor(target: FeedTarget, published?: FeedPosition, station: () => StationInfo = () => ({})) {
    this.#target = target;
    this.#stationNow = station;
    this.#position = published;
    this.#isResuming = published !== undefined;
  }

  /** Takes the next frames; each has its `origin`. */
  take(items: readonly AudioItem[]): void {
    for (const item of items) this.#take(item);
  }

  #take(item: AudioItem): void {
    const fresh = this.#isResuming ? this.#unpublished(item) : item;
    if (!fresh) return;
    this.#enterFormat(fresh);
    if (this.#isTooLong) return;
    this.#enterStation();
    this.#enterRun(fresh);
    this.#enterTitle(fresh);
    this.#audio(fresh);
    this.#isResuming = false;
  }

  // What of an item was not published yet.
  #unpublished(item: AudioItem): AudioItem | undefined {
    const { origin, data, durationUs } = item;
    if (!origin || !this.#position || origin.epoch !== this.#position.epoch) return item;
    const known = this.#position.byte - origin.byte;
    if (known <= 0) return item;
    if (known >= data.length) return undefined;
    const rest = data.subarray(known);
    const part = (durationUs * rest.length) / data.length;
    return { ...item, data: rest, durationUs: part, origin: { ...origin, byte: this.#position.byte } };
  }

  #enterRun({ origin, data, discontinuity }: AudioItem): void {
    const before = this.#position;
    const continues = origin && before?.epoch === origin.epoch && before.byte === origin.byte;
    // A process that was started again goes on with other audio: nobody told of it, so it is told here.
    const began =
      this.#isResuming && !continues ? ({ cause: 'source-restart', lostMs: undefined } as const) : undefined;
    const told = discontinuity ?? began;
    if (told && before) this.#target.append({ type: 'discontinuity', cause: told.cause, lostMs: told.lostMs });
    if (!origin) return;
    this.#position = { epoch: origin.epoch, byte: origin.byte + data.length };
    if (continues) return;
    const { audioBytes: audioOffset } = this.#target;
    this.#target.append({ type: 'origin', epoch: origin.epoch, originByte: origin.byte, audioOffset });
  }

  #enterFormat({ format }: AudioItem): void {
    if (format === this.#format) return;
    const isSame = this.#format !== undefined && isSameFormat(format, this.#format);
    this.#format = format;
    if (isSame) return;
    this.#isTooLong = format.headers.length > MAX_HEADER_BYTES;
    if (this.#isTooLong) this.#position = undefined;
    if (this.#isTooLong) return;
    this.#ticksPerSecond = ticksPerSecondOf(format);
    this.#owedTicks = 0;
    const { contentType, codec, channels = 0, headers } = format;
    this.#target.append({
      type: 'format',
      contentType,
      codec,
      ticksPerSecond: this.#ticksPerSecond,
      channels,
      headers,
    });
  }

  #enterStation(): void {
    const station = this.#stationNow();
    if (station === this.#station) return;
    const before = this.#station;
    this.#station = station;
    // What a process before published may be another, so it is said again.
    if (this.#isResuming || !isSameStation(station, before)) this.#target.append({ type: 'station', station });
  }

  #enterTitle({ metadata }: AudioItem): void {
    if (!metadata || metadata === this.#metadata) return;
    const before = this.#metadata;
    this.#metadata = metadata;
    const { title, artist = '', url = '' } = metadata;
    if (before && before.title === title && (before.artist ?? '') === artist && (before.url ?? '') === url) return;
    this.#target.append({ type: 'title', title, artist, url });
  }

  #audio({ data, durationUs, format }: AudioItem): void {
    const most = format.codec === 'opaque' ? OPAQUE_PIECE_BYTES : MAX_RECORD_BYTES;
    for (let offset = 0; offset < data.length; offset += most) {
      const piece = data.subarray(offset, offset + most);
      const exact = (durationUs * piece.length * this.#ticksPerSecond) / (data.length * MICROSECONDS);
      this.#target.append({ type: 'audio', data: piece, ticks: this.#wholeTicks(exact) });
    }
  }

  // Durations are whole microseconds whose sum is right, so the rest is carried on: samples come out as they were.
  #wholeTicks(exact: number): number {
    const due = exact + this.#owedTicks;
    const ticks = Math.max(0, Math.round(due));
    this.#owedTicks = due - ticks;
    return ticks;
  }
}

function isSameFormat(a: StreamFormat, b: StreamFormat): boolean {
  const isSameSound = a.codec === b.codec && a.sampleRate === b.sampleRate && a.channels === b.channels;
  return isSameSound && a.contentType === b.contentType && a.headers.equals(b.headers);
}
