/**
 * Chooses the framer of a stream: by its content type, and by its bytes.
 * @module
 */
import { AdtsFramer } from './adts/adts-framer.ts';
import {
  type FramedKind,
  kindOfContentType,
  oggContentType,
  plainContentType,
  UNKNOWN_CONTENT_TYPE,
  webmContentType,
} from './content-type.ts';
import { FlacFramer } from './flac/flac-framer.ts';
import type { Frame, Framer } from './framer.ts';
import { hasFreeFormat } from './mp3/free-format.ts';
import { Mp3Framer } from './mp3/mp3-framer.ts';
import { OggFramer } from './ogg/ogg-framer.ts';
import { OpaqueFramer } from './opaque.ts';
import { MAX_GARBAGE_BYTES, MAX_TAG_BYTES, type ProbingFramer } from './sync/probing-framer.ts';
import { WebmFramer } from './webm/webm-framer.ts';

export { contentTypeOfFile } from './content-type.ts';

/** Settings of `createFramer`. */
export interface FramerOptions {
  /** What the source says, parameters and all; undefined when it says nothing. */
  readonly contentType: string | undefined;
  /** Bytes in which frames must be found, tags not counted; 8 KiB when left out, at most 64 KiB. */
  readonly maxProbeBytes?: number;
}

const DEFAULT_PROBE_BYTES = 8 * 1024;

const KINDS: readonly FramedKind[] = ['mp3', 'adts', 'ogg', 'flac', 'webm'];

const FRAME_NAMES: Readonly<Record<FramedKind, string>> = {
  mp3: 'MPEG frames',
  adts: 'AAC frames',
  ogg: 'Ogg pages',
  flac: 'FLAC frames',
  webm: 'WebM clusters',
};

/**
 * The framer for a stream. A type of which distream knows the frames, or none,
 * is checked against the bytes, and the bytes win. Any other type, and bytes in
 * which nothing is found, are passed on unchanged.
 */
export function createFramer(options: FramerOptions): Framer {
  const type = plainContentType(options.contentType);
  const kind = type === undefined ? undefined : kindOfContentType(type);
  if (type !== undefined && kind === undefined) {
    return new OpaqueFramer({ contentType: type, note: `distream knows no frames of ${type}; passed on unchanged` });
  }
  const maxProbeBytes = Math.min(options.maxProbeBytes ?? DEFAULT_PROBE_BYTES, MAX_GARBAGE_BYTES);
  return new DetectingFramer(type, kind, maxProbeBytes);
}

/** Tries all framers at once on the first bytes; the first that finds frames takes the stream. */
class DetectingFramer implements Framer {
  readonly #declaredType: string | undefined;
  readonly #declaredKind: FramedKind | undefined;
  readonly #maxProbeBytes: number;
  #candidates: ProbingFramer[];
  /** All bytes so far, for the case that nothing is found. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #chosen: Framer | undefined;

  constructor(type: string | undefined, kind: FramedKind | undefined, maxProbeBytes: number) {
    this.#declaredType = type;
    this.#declaredKind = kind;
    this.#maxProbeBytes = maxProbeBytes;
    const others = KINDS.filter((other) => other !== kind);
    this.#candidates = (kind ? [kind, ...others] : others).map((each) => createProbe(each, type));
  }

  get skippedBytes(): number {
    return this.#chosen?.skippedBytes ?? 0;
  }

  get note(): string | undefined {
    return this.#chosen?.note;
  }

  push(chunk: Buffer): Frame[] {
    if (this.#chosen) return this.#chosen.push(chunk);
    const frames: Frame[] = [];
    for (let rest = chunk; rest.length > 0; ) {
      // Bytes beyond the limit are not looked at, so that the outcome does not hang on how the stream is cut.
      const part = rest.subarray(0, Math.max(1, this.#maxProbeBytes - this.#unframedBytes()));
      rest = rest.subarray(part.length);
      frames.push(...this.#probe(part));
      if (this.#decided()) return rest.length === 0 ? frames : [...frames, ...this.push(rest)];
    }
    return frames;
  }

  flush(): Frame[] {
    if (this.#chosen) return this.#chosen.flush();
    for (const candidate of this.#candidates) {
      const frames = candidate.flush();
      if (candidate.confirmed) return this.#choose(candidate, frames);
    }
    return this.#heldBytes === 0 ? [] : this.#passOn();
  }

  #decided(): boolean {
    return this.#chosen !== undefined;
  }

  /** The fewest, for a candidate may know a tag that the others do not. */
  #unframedBytes(): number {
    return Math.min(...this.#candidates.map((candidate) => candidate.unframedBytes));
  }

  #probe(part: Buffer): Frame[] {
    this.#held.push(part);
    this.#heldBytes += part.length;
    for (const candidate of this.#candidates) {
      const frames = candidate.push(part);
      if (candidate.confirmed) return this.#choose(candidate, frames);
    }
    const full = this.#unframedBytes() >= this.#maxProbeBytes || this.#heldBytes > MAX_TAG_BYTES + this.#maxProbeBytes;
    return full ? this.#passOn() : [];
  }

  #choose(framer: Framer, frames: Frame[]): Frame[] {
    this.#chosen = framer;
    this.#candidates = [];
    this.#held = [];
    return frames;
  }

  #passOn(): Frame[] {
    const bytes = Buffer.concat(this.#held);
    const contentType = this.#declaredType ?? UNKNOWN_CONTENT_TYPE;
    const opaque = new OpaqueFramer({ contentType, note: this.#noteOn(bytes) });
    return this.#choose(opaque, opaque.push(bytes));
  }

  #noteOn(bytes: Buffer): string {
    const sentAs = this.#declaredType === undefined ? '' : `sent as ${this.#declaredType}, but `;
    const missing = this.#declaredKind ? FRAME_NAMES[this.#declaredKind] : 'MPEG, AAC, Ogg, FLAC or WebM audio frames';
    const size = bytes.length >= this.#maxProbeBytes ? kibibytes(this.#maxProbeBytes) : `${bytes.length} bytes`;
    if ((this.#declaredKind ?? 'mp3') === 'mp3' && hasFreeFormat(bytes)) {
      return `free-format MPEG audio, whose frames do not tell their length; passed on unchanged`;
    }
    return `${sentAs}no ${missing} were found in the first ${size}; passed on unchanged`;
  }
}

function kibibytes(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

function createProbe(kind: FramedKind, type: string | undefined): ProbingFramer {
  if (kind === 'mp3') return new Mp3Framer();
  if (kind === 'adts') return new AdtsFramer();
  if (kind === 'flac') return new FlacFramer();
  if (kind === 'webm') return new WebmFramer(webmContentType(type));
  return new OggFramer({ contentType: oggContentType(type) });
}
