import type { StreamFormat } from '../../core/fragment.ts';
import type { Frame } from '../framer.ts';
import { MAX_GARBAGE_BYTES } from './probing-framer.ts';
import { SampleTime } from './sample-time.ts';
import { ScanningFramer } from './scanning-framer.ts';
import { tagSize } from './tag-size.ts';

/** What every frame header tells. */
export interface SyncHeader {
  /** The whole frame, header included; at least `SyncCodec.headerBytes`. */
  readonly frameBytes: number;
  readonly samples: number;
  readonly sampleRate: number;
}

/** A frame at the start of a file that holds no sound but says how the file was encoded. */
export type InfoFrame = 'none' | 'constant-bitrate' | 'variable-bitrate';

/** A codec whose frames each begin with a sync word (the byte FF first) and say their own length. */
export interface SyncCodec<H extends SyncHeader> {
  /** As it is named in notes, e.g. `MPEG`. */
  readonly name: string;
  /** MIME type for listeners. */
  readonly contentType: string;
  /** Bytes that `parse` looks at. */
  readonly headerBytes: number;
  /** The header at `offset`, or undefined when there is none; at least `headerBytes` are there. */
  parse(buffer: Buffer, offset: number): H | undefined;
  /** True when both belong to one run of a decoder. */
  consistent(a: H, b: H): boolean;
  /** The format of a run that begins with these headers (at least one). */
  formatOf(headers: readonly H[], info: InfoFrame): StreamFormat;
  /** What the frame at `offset` is; called only where a file may begin. */
  infoFrame(buffer: Buffer, offset: number, header: H): InfoFrame;
}

/** Headers that must follow each other before anything is believed, and to go on after garbage. */
const HEADERS_TO_CONFIRM = 3;
const HEADERS_TO_RESYNC = 2;

/**
 * Further headers inside the frames of a chain that are still taken for chance. Counters and other regular
 * bytes look like headers again and again; in coded audio even one is rare (about one in 100 frames).
 */
const MAX_STRAY_HEADERS = 1;

/** Finds the frames of one `SyncCodec`. In step it returns a frame with its last byte; out of step it searches. */
export class SyncFramer<H extends SyncHeader> extends ScanningFramer {
  readonly #codec: SyncCodec<H>;
  #inStep = false;
  /** A file may begin here: the stream's start, or a tag went before. */
  #fileStart = true;
  #last: H | undefined;
  #format: StreamFormat | undefined;
  #time: SampleTime | undefined;

  constructor(codec: SyncCodec<H>) {
    super(codec.contentType);
    this.#codec = codec;
  }

  override get confirmed(): boolean {
    return this.#format !== undefined;
  }

  protected override step(frames: Frame[]): boolean {
    return this.#inStep ? this.#takeFrame(frames) : this.#search(frames);
  }

  #takeFrame(frames: Frame[]): boolean {
    const left = this.buffer.length - this.at;
    if (left < this.#codec.headerBytes) return this.wait(this.#codec.headerBytes);
    const header = this.#codec.parse(this.buffer, this.at);
    if (!header || !this.#codec.consistent(this.#last!, header)) {
      this.#inStep = false;
      return true;
    }
    if (left < header.frameBytes) return this.wait(header.frameBytes);
    const data = this.buffer.subarray(this.at, this.at + header.frameBytes);
    frames.push({ data, durationUs: this.#time!.durationUs(header.samples), format: this.#format! });
    this.at += header.frameBytes;
    return true;
  }

  /** Looks for a tag or a believable frame from `at` on. */
  #search(frames: Frame[]): boolean {
    const end = Math.min(this.buffer.length, this.at + MAX_GARBAGE_BYTES + 1 - this.garbageBytes);
    for (let at = this.at; at < end; at++) {
      if (this.buffer[at] === 0xff) {
        const found = this.#judge(at);
        if (found === 0) continue;
        this.holdGarbage(at);
        return typeof found === 'number' ? this.wait(found) : this.#adopt(found);
      }
      const size = tagSize(this.buffer, at, at === this.at && this.garbageBytes === 0);
      if (size === 0 || (size < 0 && this.ended)) continue;
      this.holdGarbage(at);
      if (size < 0) return this.wait(-size);
      this.#fileStart = true;
      return this.skip(size);
    }
    this.holdGarbage(end);
    if (!this.isLost) return this.wait(1);
    const room = `${MAX_GARBAGE_BYTES / 1024} KiB`;
    return this.giveUp(frames, `no ${this.#codec.name} frames were found for ${room}; passed on unchanged from there`);
  }

  /**
   * Follows the chain of headers that begins at `start`.
   * @returns the headers when they are believed, 0 when they are not, else the bytes from `start` that are needed to tell
   */
  #judge(start: number): H[] | number {
    const { headerBytes } = this.#codec;
    const headers: H[] = [];
    let wanted = HEADERS_TO_CONFIRM;
    let at = start;
    for (;;) {
      if (at + headerBytes > this.buffer.length) {
        if (!this.ended) return at + headerBytes - start;
        const endsHere = headers.length > 0 && at === this.buffer.length;
        return endsHere && !this.#isAccident(start, at, headers[0]!) ? headers : 0;
      }
      const header = this.#codec.parse(this.buffer, at);
      if (!header || (headers[0] && !this.#codec.consistent(headers[0], header))) return 0;
      if (headers.length === 0) wanted = this.#headersWanted(header);
      headers.push(header);
      // One more in place of the frame that is left out.
      if (headers.length === 2 && this.#infoFrame(start, headers[0]!) !== 'none') wanted++;
      if (headers.length >= wanted) return this.#isAccident(start, at, header) ? 0 : headers;
      at += header.frameBytes;
    }
  }

  #headersWanted(header: H): number {
    return this.#last && this.#codec.consistent(this.#last, header) ? HEADERS_TO_RESYNC : HEADERS_TO_CONFIRM;
  }

  #infoFrame(at: number, header: H): InfoFrame {
    return this.#fileStart ? this.#codec.infoFrame(this.buffer, at, header) : 'none';
  }

  /** True when the frames from `start` to `end` are full of headers of the same kind. */
  #isAccident(start: number, end: number, kind: H): boolean {
    const chain = this.buffer.subarray(start, end);
    let strays = 0;
    let frameEnd = 0;
    for (let at = 0; at !== -1; at = chain.indexOf(0xff, at + 1)) {
      const header = at + this.#codec.headerBytes <= chain.length ? this.#codec.parse(chain, at) : undefined;
      if (!header) continue;
      if (at === frameEnd) frameEnd += header.frameBytes;
      else if (this.#codec.consistent(kind, header) && ++strays > MAX_STRAY_HEADERS) return true;
    }
    return false;
  }

  /** Goes in step at `at`, where these headers begin. */
  #adopt(headers: H[]): true {
    this.dropHeld();
    const info = this.#infoFrame(this.at, headers[0]!);
    if (info !== 'none') this.skip(headers.shift()!.frameBytes);
    const header = headers[0];
    if (!header) return true;
    this.#fileStart = false;
    if (!this.#last || !this.#codec.consistent(this.#last, header)) {
      this.#format = this.#codec.formatOf(headers, info);
      this.#time = new SampleTime(header.sampleRate);
    }
    this.#last = header;
    this.#inStep = true;
    return true;
  }
}
