import type { AudioItem } from '../../core/audio-item.ts';
import type { Discontinuity, StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { cleanText } from '../../core/text.ts';
import { carriedFormat } from '../../media/carried-format.ts';
import { SampleTime } from '../../media/sync/sample-time.ts';
import type { GapCause } from '../../protocols/link/receive-channel.ts';
import type { AudioRecord, FormatRecord, OriginRecord, StreamRecord } from '../../protocols/link/stream-records.ts';

/** What a publisher writes where ticks are no samples. */
const MICROSECONDS = 1_000_000;
/** No frame lasts longer; what claims to is a fault of the other side. */
const MAX_FRAME_SECONDS = 60;
const MAX_TEXT = 1000;

/** Turns the records of a channel into a stream's frames. */
export class RecordIntake {
  readonly #deliver: (item: AudioItem) => void;
  #told: FormatRecord | undefined;
  #format: StreamFormat | undefined;
  #time = new SampleTime(MICROSECONDS);
  #metadata: TrackMetadata | undefined;
  #discontinuity: Discontinuity | undefined;
  #origin: OriginRecord | undefined;
  /** What the source says of itself, cleaned; another object each time it says something. */
  station: StationInfo = {};

  /** `deliver` takes each frame as it is whole. */
  constructor(deliver: (item: AudioItem) => void) {
    this.#deliver = deliver;
  }

  /** The next record. `epoch` is the channel's; `audioOffset` as a ReceiveChannel tells it. */
  record(record: StreamRecord, epoch: string, audioOffset: number): void {
    switch (record.type) {
      case 'format':
        return this.#enterFormat(record);
      case 'audio':
        return this.#audio(record, epoch, audioOffset);
      case 'title':
        return this.#title(record);
      case 'discontinuity':
        return this.#lose(record.cause, record.lostMs);
      case 'origin':
        this.#origin = record;
        return;
      case 'station':
        this.station = cleanStation(record.station);
    }
  }

  /** Audio is missing before the next record. */
  gap(cause: GapCause, lostMs: number | undefined): void {
    if (cause === 'new-epoch') {
      this.#origin = undefined;
      // What holds in the new epoch is said in front of it.
      this.station = {};
    }
    this.#lose('line-loss', lostMs);
  }

  // Several losses without audio in between are one; what the line lost is the worst news.
  #lose(cause: Discontinuity['cause'], lostMs: number | undefined): void {
    const before = this.#discontinuity;
    if (!before) {
      this.#discontinuity = { cause, lostMs };
      return;
    }
    const sum = before.lostMs === undefined || lostMs === undefined ? undefined : before.lostMs + lostMs;
    this.#discontinuity = { cause: before.cause === 'line-loss' ? before.cause : cause, lostMs: sum };
  }

  #enterFormat(record: FormatRecord): void {
    if (this.#told && isSame(record, this.#told)) return;
    this.#told = record;
    this.#format = undefined;
    this.#time = new SampleTime(record.ticksPerSecond);
  }

  #title({ title, artist, url }: { readonly title: string; readonly artist: string; readonly url: string }): void {
    const clean = {
      title: cleanText(title, MAX_TEXT),
      artist: cleanText(artist, MAX_TEXT),
      url: cleanText(url, MAX_TEXT),
    };
    const before = this.#metadata;
    if (before?.title === clean.title && (before.artist ?? '') === clean.artist && (before.url ?? '') === clean.url)
      return;
    this.#metadata = {
      title: clean.title,
      ...(clean.artist !== '' && { artist: clean.artist }),
      ...(clean.url !== '' && { url: clean.url }),
    };
  }

  #audio({ data, ticks }: AudioRecord, epoch: string, audioOffset: number): void {
    const told = this.#told;
    // A publisher says the format first; what comes without cannot be played.
    if (!told) return;
    this.#format ??= formatOf(told, data);
    const durationUs = this.#time.durationUs(Math.min(ticks, MAX_FRAME_SECONDS * told.ticksPerSecond));
    const discontinuity = this.#discontinuity;
    this.#discontinuity = undefined;
    const from = this.#origin;
    const origin = from
      ? { epoch: from.epoch, byte: from.originByte + audioOffset - from.audioOffset }
      : { epoch, byte: audioOffset };
    this.#deliver({ data, durationUs, format: this.#format, metadata: this.#metadata, discontinuity, origin });
  }
}

function cleanStation(station: StationInfo): StationInfo {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(station)) {
    const kept = typeof value === 'string' ? cleanText(value, MAX_TEXT) : value;
    if (kept !== '') clean[key] = kept;
  }
  return clean;
}

function formatOf(
  { contentType, codec, ticksPerSecond, channels, headers }: FormatRecord,
  first: Buffer,
): StreamFormat {
  const sampleRate = ticksPerSecond === MICROSECONDS ? undefined : ticksPerSecond;
  return carriedFormat({ contentType, codec, sampleRate, channels: channels || undefined, headers }, first);
}

function isSame(a: FormatRecord, b: FormatRecord): boolean {
  const isSameTime = a.ticksPerSecond === b.ticksPerSecond && a.channels === b.channels;
  return isSameTime && a.codec === b.codec && a.contentType === b.contentType && a.headers.equals(b.headers);
}
