import type { StreamFormat } from '../../core/fragment.ts';
import type { Frame } from '../framer.ts';
import { OpaqueFramer } from '../opaque.ts';
import { MAX_GARBAGE_BYTES, type ProbingFramer } from './probing-framer.ts';
import { SampleTime } from './sample-time.ts';
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
 * Further headers inside the frames of a chain that show it is an accident. Counters and other regular
 * bytes look like headers again and again; in coded audio even one is rare (about one in 100 frames).
 */
const MAX_STRAY_HEADERS = 2;

const NO_BYTES = Buffer.alloc(0);

/**
 * Finds the frames of one `SyncCodec`. In step it returns a frame with its last
 * byte; out of step it searches, and holds what it passes over, so that
 * after `MAX_GARBAGE_BYTES` without a frame nothing is lost: they and all that
 * follows are passed on as opaque bytes. Work is linear in the bytes pushed.
 */
export class SyncFramer<H extends SyncHeader> implements ProbingFramer {
  readonly #codec: SyncCodec<H>;
  readonly #contentType: string;
  #opaque: OpaqueFramer | undefined;

  /** Chunks not worked through yet; looked at again when they hold `#need` bytes. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #need = 1;
  #buffer: Buffer = NO_BYTES;
  #at = 0;
  #final = false;

  #garbage: Buffer[] = [];
  #garbageBytes = 0;
  #skippedBytes = 0;
  /** Bytes of a tag that are still to be skipped. */
  #tagBytes = 0;

  #inStep = false;
  /** A file may begin here: the stream's start, or a tag went before. */
  #fileStart = true;
  #last: H | undefined;
  #format: StreamFormat | undefined;
  #time: SampleTime | undefined;

  constructor(codec: SyncCodec<H>, contentType: string) {
    this.#codec = codec;
    this.#contentType = contentType;
  }

  get confirmed(): boolean {
    return this.#format !== undefined;
  }

  get unframedBytes(): number {
    return this.#garbageBytes + this.#pendingBytes;
  }

  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  get note(): string | undefined {
    return this.#opaque?.note;
  }

  push(chunk: Buffer): Frame[] {
    if (this.#opaque) return this.#opaque.push(chunk);
    if (chunk.length === 0) return [];
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    return this.#pendingBytes < this.#need ? [] : this.#work();
  }

  flush(): Frame[] {
    if (this.#opaque) return this.#opaque.flush();
    this.#final = true;
    const frames = this.#work();
    this.#dropGarbage();
    return frames;
  }

  #work(): Frame[] {
    const frames: Frame[] = [];
    this.#buffer = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.#at = 0;
    while (this.#step(frames));
    const rest = this.#buffer.subarray(this.#at);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
    this.#buffer = NO_BYTES;
    return frames;
  }

  /** Goes one frame, tag or search on; false when more bytes are needed. */
  #step(frames: Frame[]): boolean {
    if (this.#tagBytes > 0) return this.#skipTag();
    return this.#inStep ? this.#takeFrame(frames) : this.#search(frames);
  }

  #wait(bytes: number): false {
    this.#need = bytes;
    return false;
  }

  #skipTag(): boolean {
    const bytes = Math.min(this.#tagBytes, this.#buffer.length - this.#at);
    this.#at += bytes;
    this.#tagBytes -= bytes;
    this.#skippedBytes += bytes;
    return this.#tagBytes === 0 || this.#wait(1);
  }

  #takeFrame(frames: Frame[]): boolean {
    const left = this.#buffer.length - this.#at;
    if (left < this.#codec.headerBytes) return this.#wait(this.#codec.headerBytes);
    const header = this.#codec.parse(this.#buffer, this.#at);
    if (!header || !this.#codec.consistent(this.#last!, header)) {
      this.#inStep = false;
      return true;
    }
    if (left < header.frameBytes) return this.#wait(header.frameBytes);
    const data = this.#buffer.subarray(this.#at, this.#at + header.frameBytes);
    frames.push({ data, durationUs: this.#time!.durationUs(header.samples), format: this.#format! });
    this.#at += header.frameBytes;
    return true;
  }

  /** Looks for a tag or a believable frame from `#at` on. */
  #search(frames: Frame[]): boolean {
    const { length } = this.#buffer;
    const end = Math.min(length, this.#at + MAX_GARBAGE_BYTES + 1 - this.#garbageBytes);
    for (let at = this.#at; at < end; at++) {
      if (this.#buffer[at] === 0xff) {
        const found = this.#judge(at);
        if (found === 0) continue;
        this.#keepGarbage(at);
        return typeof found === 'number' ? this.#wait(found) : this.#adopt(found);
      }
      const size = tagSize(this.#buffer, at, at === this.#at && this.#garbageBytes === 0);
      if (size === 0 || (size < 0 && this.#final)) continue;
      this.#keepGarbage(at);
      if (size < 0) return this.#wait(-size);
      this.#tagBytes = size;
      this.#fileStart = true;
      return true;
    }
    this.#keepGarbage(end);
    return this.#garbageBytes > MAX_GARBAGE_BYTES ? this.#giveUp(frames) : this.#wait(1);
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
      if (at + headerBytes > this.#buffer.length) {
        if (!this.#final) return at + headerBytes - start;
        const endsHere = headers.length > 0 && at === this.#buffer.length;
        return endsHere && !this.#isAccident(start, at, headers[0]!) ? headers : 0;
      }
      const header = this.#codec.parse(this.#buffer, at);
      if (!header || (headers[0] && !this.#codec.consistent(headers[0], header))) return 0;
      if (headers.length === 0) wanted = this.#headersWanted(header);
      headers.push(header);
      // One more than the frame that is left out.
      if (headers.length === 2 && this.#infoFrame(start, headers[0]!) !== 'none') wanted++;
      if (headers.length >= wanted) return this.#isAccident(start, at, header) ? 0 : headers;
      at += header.frameBytes;
    }
  }

  #headersWanted(header: H): number {
    return this.#last && this.#codec.consistent(this.#last, header) ? HEADERS_TO_RESYNC : HEADERS_TO_CONFIRM;
  }

  #infoFrame(at: number, header: H): InfoFrame {
    return this.#fileStart ? this.#codec.infoFrame(this.#buffer, at, header) : 'none';
  }

  /** True when the frames from `start` to `end` are full of headers of the same kind. */
  #isAccident(start: number, end: number, kind: H): boolean {
    let strays = 0;
    let frameEnd = start + this.#codec.parse(this.#buffer, start)!.frameBytes;
    const last = Math.min(end, this.#buffer.length - this.#codec.headerBytes + 1);
    for (
      let at = this.#buffer.indexOf(0xff, start + 1);
      at !== -1 && at < last;
      at = this.#buffer.indexOf(0xff, at + 1)
    ) {
      const header = this.#codec.parse(this.#buffer, at);
      if (!header) continue;
      if (at === frameEnd) frameEnd += header.frameBytes;
      else if (this.#codec.consistent(kind, header) && ++strays > MAX_STRAY_HEADERS) return true;
    }
    return false;
  }

  /** Goes in step at `#at`, where these headers begin. */
  #adopt(headers: H[]): true {
    this.#dropGarbage();
    const info = this.#infoFrame(this.#at, headers[0]!);
    if (info !== 'none') this.#tagBytes = headers.shift()!.frameBytes;
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

  /** Moves to `end`; what is passed over is held until the next frame shows that it was garbage. */
  #keepGarbage(end: number): void {
    if (end === this.#at) return;
    this.#garbage.push(this.#buffer.subarray(this.#at, end));
    this.#garbageBytes += end - this.#at;
    this.#at = end;
  }

  #dropGarbage(): void {
    this.#skippedBytes += this.#garbageBytes;
    this.#garbage = [];
    this.#garbageBytes = 0;
  }

  #giveUp(frames: Frame[]): false {
    const note = `no ${this.#codec.name} frame was found for ${MAX_GARBAGE_BYTES / 1024} KiB; passed on unchanged from there`;
    this.#opaque = new OpaqueFramer({ contentType: this.#contentType, note });
    frames.push(...this.#opaque.push(Buffer.concat([...this.#garbage, this.#buffer.subarray(this.#at)])));
    this.#garbage = [];
    this.#garbageBytes = 0;
    this.#at = this.#buffer.length;
    return false;
  }
}
