import type { AudioItem } from '../../core/audio-item.ts';
import type { Clock } from '../../core/clock.ts';
import type { Discontinuity, DiscontinuityCause, StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { createFramer } from '../../media/detect.ts';
import type { Frame, Framer } from '../../media/framer.ts';
import { OverlapFinder } from '../../media/overlap.ts';
import type { SessionOptions, SessionWriter } from '../../modules/session.ts';
import { sameMetadata } from './fragment-assembler.ts';
import { OpaqueRate } from './opaque-rate.ts';

/** Where an ingest hands its audio to. */
export interface IngestHost {
  readonly clock: Clock;
  /** Whole frames, in order. */
  deliver(items: AudioItem[]): void;
  /** The newest framed bytes of this input that are still held, for finding an overlap. */
  history(): Buffer;
  /** What came could not be taken, by a fault of distream: the session is over. */
  failed(error: unknown): void;
}

const MAX_HELD_BYTES = 4 * 2 ** 20;
/** What listeners are shown while an input has told no title. */
export const NO_TITLE: TrackMetadata = { title: '' };

/**
 * Turns the sessions of one input into frames: finds frames, drops what a
 * rejoined server repeats, and marks where the audio does not continue.
 */
export class Ingest {
  readonly #host: IngestHost;
  #framer: Framer | undefined;
  #overlap: OverlapFinder | undefined;
  #rate: OpaqueRate;
  #pendingDiscontinuity: Discontinuity | undefined;
  #metadata = new MetadataQueue();
  #session: symbol | undefined;
  #sessionStartMs = 0;
  #sessionAudioUs = 0;
  #contentType: string | undefined;
  #skippedBefore = 0;
  #everDelivered = false;
  /** Bytes that wait for the search for an overlap. */
  #heldBytes = 0;
  /** The format of the run that goes on after a join, until its first frame. */
  #runBefore: StreamFormat | undefined;
  /** The format that the framer gives after a join, and that of the run that goes on. */
  #joined: { readonly format: StreamFormat; readonly before: StreamFormat } | undefined;
  /** A title of the administrator, for sessions whose items bring their own: it stands for that one. */
  #retitled: { readonly metadata: TrackMetadata; readonly insteadOf: TrackMetadata | undefined } | undefined;
  /** The metadata at the newest frame delivered. */
  #holding: TrackMetadata | undefined;

  station: StationInfo = {};
  peer: string | undefined;
  agent: string | undefined;
  format: StreamFormat | undefined;
  readonly counters = { bytes: 0, sessions: 0, overlapBytesDropped: 0, overlapsJoined: 0 };

  constructor(host: IngestHost) {
    this.#host = host;
    this.#rate = new OpaqueRate(undefined, host.clock.nowMs());
  }

  /** True while an input has a session open. */
  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** Bytes left out because they were no audio. */
  get skippedBytes(): number {
    return this.#skippedBefore + (this.#framer?.skippedBytes ?? 0);
  }

  /** Why the stream is passed on as opaque bytes, if it is. */
  get note(): string | undefined {
    return this.#framer?.note;
  }

  /** Starts a session; one that is still open is ended. */
  open(options: SessionOptions): SessionWriter {
    this.close();
    const session = Symbol('session');
    const resumes = options.continuity === 'exact' && this.#framer !== undefined;
    if (!resumes) this.#beginFraming(options);
    this.#session = session;
    this.#sessionStartMs = this.#host.clock.nowMs();
    this.#sessionAudioUs = 0;
    this.station = options.station ?? {};
    this.peer = options.peer;
    this.agent = options.agent;
    this.counters.sessions++;
    if (!resumes || options.station?.bitrateKbps) {
      this.#rate = new OpaqueRate(options.station?.bitrateKbps, this.#sessionStartMs);
    }
    return this.#writer(session);
  }

  /**
   * Sets the metadata as if the source had, until the source sets other. `unsupported` where the format carries its
   * titles within.
   */
  retitle(metadata: TrackMetadata): 'done' | 'no-source' | 'unsupported' {
    if (!this.#session || !this.format) return 'no-source';
    if (/ogg|webm|matroska/.test(this.format.contentType)) return 'unsupported';
    this.#metadata.set(metadata);
    this.#retitled = { metadata, insteadOf: this.#holding };
    return 'done';
  }

  /** The next frame does not continue what the outputs played, nor do its titles. */
  markDiscontinuity(cause: DiscontinuityCause): void {
    this.#holding ??= NO_TITLE;
    this.#pendingDiscontinuity = { cause, lostMs: undefined };
  }

  /** Ends the open session, if any: the input's run is over. */
  close(): void {
    if (this.#session) this.#end();
  }

  #beginFraming(options: SessionOptions): void {
    this.#contentType = options.contentType;
    this.#replaceFramer(options.contentType);
    if (options.continuity === 'new' && (options.peer !== this.peer || options.agent !== this.agent)) {
      // Another encoder: the title of the one before is not its own.
      this.#metadata = new MetadataQueue();
      if (this.#holding) this.#holding = NO_TITLE;
    }
    this.#metadata.restart(this.skippedBytes);
    this.#runBefore = undefined;
    this.#joined = undefined;
    if (!this.#everDelivered) return;
    const history = options.continuity === 'overlap' ? this.#host.history() : undefined;
    this.#overlap = history?.length ? new OverlapFinder({ history, maxHeldBytes: MAX_HELD_BYTES }) : undefined;
    this.#pendingDiscontinuity = {
      cause: options.continuity === 'overlap' ? 'line-loss' : 'source-restart',
      lostMs: undefined,
    };
  }

  #replaceFramer(contentType: string | undefined): void {
    this.#skippedBefore += this.#framer?.skippedBytes ?? 0;
    this.#framer = createFramer({ contentType });
  }

  #writer(session: symbol): SessionWriter {
    const current = () => this.#session === session;
    return {
      write: (data) => {
        if (current()) this.#safely(() => this.#write(data));
      },
      deliver: (items) => {
        if (current()) this.#safely(() => this.#deliverFramed(items));
      },
      setMetadata: (metadata) => {
        if (current()) this.#metadata.set(metadata);
      },
      setStation: (station) => {
        if (current()) this.station = station;
      },
      nextFile: (contentType) => {
        if (current()) this.#safely(() => this.#nextFile(contentType));
      },
      discontinuity: (cause, lostMs) => {
        if (current()) this.#safely(() => this.#discontinuity(cause, lostMs));
      },
      aheadMs: () => this.#sessionAudioUs / 1000 - (this.#host.clock.nowMs() - this.#sessionStartMs),
      end: () => {
        if (current()) this.#end();
      },
    };
  }

  /** A fault in taking one input's audio ends its session, not the program. */
  #safely(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#overlap = undefined;
      this.#end();
      this.#skippedBefore = this.skippedBytes;
      this.#framer = undefined;
      this.#host.failed(error);
    }
  }

  #write(data: Buffer): void {
    if (data.length === 0) return;
    this.counters.bytes += data.length;
    this.#metadata.pushed(data.length);
    this.#pass(this.#framer!.push(data));
  }

  #nextFile(contentType: string | undefined): void {
    this.#pass(this.#framer!.flush());
    this.#contentType = contentType;
    this.#replaceFramer(contentType);
    this.#metadata.restart(this.skippedBytes);
  }

  #discontinuity(cause: DiscontinuityCause, lostMs: number | undefined): void {
    this.#pass(this.#framer!.flush());
    this.#replaceFramer(this.#contentType);
    this.#metadata.restart(this.skippedBytes);
    this.#pendingDiscontinuity = { cause, lostMs };
  }

  #end(): void {
    // The framer stays: the next session may continue at the very next byte.
    this.#session = undefined;
    // What is held is not known to be new. Passed on, it would be heard twice, and the next session could not be
    // joined to it: less than a kilobyte is left out instead.
    this.counters.overlapBytesDropped += this.#heldBytes;
    this.#overlap = undefined;
    this.#heldBytes = 0;
  }

  #pass(frames: Frame[]): void {
    if (frames.length === 0) return;
    if (!this.#overlap) return this.#deliver(frames);
    const bytesIn = byteLength(frames);
    const { state, frames: ready } = this.#overlap.push(frames);
    if (state === 'joined') {
      this.counters.overlapsJoined++;
      this.#pendingDiscontinuity = undefined;
      this.#runBefore = this.format;
    }
    if (state !== 'searching') this.#overlap = undefined;
    this.#heldBytes += bytesIn - byteLength(ready);
    if (state === 'joined') {
      this.counters.overlapBytesDropped += this.#heldBytes;
      this.#metadata.emitted(this.#heldBytes);
    }
    if (state !== 'searching') this.#heldBytes = 0;
    this.#deliver(ready);
  }

  /** After a join the same decoder goes on: it keeps the format object, so that no header is sent to it again. */
  #formatOf({ format }: Frame): StreamFormat {
    const before = this.#runBefore;
    if (before) {
      this.#joined = isSameFormat(format, before) ? { format, before } : undefined;
      this.#runBefore = undefined;
    }
    return format === this.#joined?.format ? this.#joined.before : format;
  }

  #deliver(frames: Frame[]): void {
    if (frames.length === 0) return;
    const nowMs = this.#host.clock.nowMs();
    const items: AudioItem[] = [];
    for (const frame of frames) {
      const durationUs = frame.durationUs || this.#rate.durationUs(frame.data.length, nowMs);
      const discontinuity = this.#pendingDiscontinuity;
      this.#holding = this.#metadata.before(frame, this.skippedBytes) ?? frame.metadata ?? this.#holding;
      const format = this.#formatOf(frame);
      items.push({ data: frame.data, durationUs, format, metadata: this.#holding, discontinuity });
      this.#pendingDiscontinuity = undefined;
      this.#sessionAudioUs += durationUs;
      this.format = format;
    }
    this.#everDelivered = true;
    this.#host.deliver(items);
  }

  #deliverFramed(items: readonly AudioItem[]): void {
    const [first] = items;
    if (!first) return;
    const discontinuity = first.discontinuity ?? this.#pendingDiscontinuity;
    this.#pendingDiscontinuity = undefined;
    for (const { data, durationUs } of items) {
      this.counters.bytes += data.length;
      this.#sessionAudioUs += durationUs;
    }
    const last = items.at(-1)!;
    this.format = last.format;
    this.#holding = last.metadata ?? this.#holding;
    this.#everDelivered = true;
    const whole = [{ ...first, discontinuity }, ...items.slice(1)];
    this.#host.deliver(this.#retitled ? whole.map((item) => this.#renamed(item)) : whole);
  }

  #renamed(item: AudioItem): AudioItem {
    const { metadata } = item;
    const known = this.#retitled;
    if (!known) return item;
    const isOther = metadata !== undefined && !sameMetadata(metadata, known.insteadOf);
    if (isOther) this.#retitled = undefined;
    return isOther ? item : { ...item, metadata: known.metadata };
  }
}

function isSameFormat(a: StreamFormat, b: StreamFormat): boolean {
  const isSameSound = a.codec === b.codec && a.sampleRate === b.sampleRate && a.channels === b.channels;
  return isSameSound && a.contentType === b.contentType && a.headers.equals(b.headers);
}

function byteLength(frames: Frame[]): number {
  return frames.reduce((sum, frame) => sum + frame.data.length, 0);
}

/**
 * Keeps a title for the first frame that begins at or after the byte where it was set:
 * a framer may still hold the beginning of a frame that belongs to the title before.
 */
class MetadataQueue {
  #waiting: { position: number; metadata: TrackMetadata }[] = [];
  #pushedBytes = 0;
  #emittedBytes = 0;
  #format: StreamFormat | undefined;
  #skippedAtRestart = 0;

  /** Another framer takes the next bytes; `skippedBytes` counts those left out so far. */
  restart(skippedBytes: number): void {
    const last = this.#waiting.at(-1);
    this.#waiting = last ? [{ position: 0, metadata: last.metadata }] : [];
    this.#pushedBytes = 0;
    this.#emittedBytes = 0;
    this.#format = undefined;
    this.#skippedAtRestart = skippedBytes;
  }

  set(metadata: TrackMetadata): void {
    if (this.#waiting.length >= 64) this.#waiting.shift();
    this.#waiting.push({ position: this.#pushedBytes, metadata });
  }

  pushed(bytes: number): void {
    this.#pushedBytes += bytes;
  }

  /** Bytes that left the framer without being delivered. */
  emitted(bytes: number): void {
    this.#emittedBytes += bytes;
  }

  /** The newest metadata due at this frame's first byte; accounts for the frame. */
  before(frame: Frame, skippedBytes: number): TrackMetadata | undefined {
    if (frame.format !== this.#format) {
      this.#format = frame.format;
      this.#emittedBytes += frame.format.headers.length;
    }
    const position = this.#emittedBytes + skippedBytes - this.#skippedAtRestart;
    this.#emittedBytes += frame.data.length;
    let due: TrackMetadata | undefined;
    while (this.#waiting.length > 0 && this.#waiting[0]!.position <= position) due = this.#waiting.shift()!.metadata;
    return due;
  }
}
