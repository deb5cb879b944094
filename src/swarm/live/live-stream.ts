import { type KeyObject, randomBytes } from 'node:crypto';
import { chunkHash, SWARM_CHUNK_BYTES } from '../../protocols/swarm/hash-tree.ts';
import {
  linkHash,
  MAX_LINK_CHUNKS,
  STREAM_ID_BYTES,
  type StreamHead,
  signStreamHead,
  signStreamLink,
} from '../../protocols/swarm/stream-manifest.ts';

/** Sub-streams: each listener gets them from up to so many givers. */
export const SUBSTREAMS = 4;
/** About how long a chunk plays. */
export const CHUNK_MS = 250;
/** A chunk is played so long after the publisher had it. */
export const PLAY_DELAY_MS = 3000;
/** Newest chunks that can be had. */
export const WINDOW_CHUNKS = 64;

/** A chunk with the link that proves it. */
export interface ProvenChunk {
  readonly bytes: Buffer;
  /** Signed. */
  readonly link: Buffer;
  readonly sequence: number;
}

/** Audio as it comes to the publisher. */
export interface AudioPart {
  readonly data: Buffer;
  readonly durationMs: number;
  /** Where frames begin, ascending; empty: it may be cut anywhere. */
  readonly frameOffsets: readonly number[];
}

/** What a stream is published with. */
export interface LiveStreamOptions {
  /** `/NAME`. */
  readonly path: string;
  readonly privateKey: KeyObject;
  /** The clock's ms at which the stream begins; the times of links count from there. */
  readonly startMs: number;
}

/** A stream that is published: cut into chunks of about a quarter of a second at frames, each signed for as it comes. */
export class LiveStream {
  readonly head: StreamHead;
  /** Signed. */
  readonly signedHead: Buffer;
  readonly startMs: number;
  readonly #privateKey: KeyObject;
  readonly #chunks = new Map<number, ProvenChunk>();
  #waiting: AudioPart[] = [];
  #waitingMs = 0;
  #previous: Buffer;
  #sequence = 0;
  #end = 0;
  #chunkBytes = 0;

  constructor({ path, privateKey, startMs }: LiveStreamOptions) {
    const id = randomBytes(STREAM_ID_BYTES);
    this.head = { path, id, substreams: SUBSTREAMS, chunkMs: CHUNK_MS, playDelayMs: PLAY_DELAY_MS };
    this.startMs = startMs;
    this.#privateKey = privateKey;
    this.signedHead = signStreamHead(this.head, privateKey);
    this.#previous = linkHash(this.signedHead);
  }

  /** The chunk that comes next. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of a chunk on average; 0 before the first. */
  get chunkBytes(): number {
    return this.#chunkBytes;
  }

  /** A chunk of the window. */
  chunk(number: number): ProvenChunk | undefined {
    return this.#chunks.get(number);
  }

  /** Takes the next audio, which stays the caller's. Answers the chunks that are there now and were not before. */
  append(part: AudioPart, nowMs: number): { readonly first: number; readonly end: number } {
    const first = this.#end;
    this.#waiting.push(part);
    this.#waitingMs += part.durationMs;
    // Parts that are shorter than a chunk wait for the next.
    if (this.#waitingMs < CHUNK_MS * 0.8) return { first, end: first };
    const { data, frameOffsets } = joined(this.#waiting);
    const pieces = cut(data, frameOffsets, Math.max(1, Math.round(this.#waitingMs / CHUNK_MS)));
    this.#waiting = [];
    this.#waitingMs = 0;
    for (let at = 0; at < pieces.length; at += MAX_LINK_CHUNKS)
      this.#link(pieces.slice(at, at + MAX_LINK_CHUNKS), nowMs);
    return { first, end: this.#end };
  }

  /** Signs for chunks that came together. */
  #link(pieces: readonly Buffer[], nowMs: number): void {
    const sequence = this.#sequence++;
    const link = signStreamLink(
      {
        id: this.head.id,
        sequence,
        previous: this.#previous,
        bornMs: Math.max(0, Math.round(nowMs - this.startMs)),
        firstChunk: this.#end,
        chunks: pieces.map((bytes) => ({ length: bytes.length, hash: chunkHash(bytes) })),
      },
      this.#privateKey,
    );
    this.#previous = linkHash(link);
    for (const bytes of pieces) {
      this.#chunks.set(this.#end++, { bytes, link, sequence });
      this.#chunkBytes += (bytes.length - this.#chunkBytes) * (this.#chunkBytes === 0 ? 1 : 0.05);
    }
    for (const number of this.#chunks.keys()) {
      if (number >= this.#end - WINDOW_CHUNKS) break;
      this.#chunks.delete(number);
    }
  }
}

function joined(parts: readonly AudioPart[]): { data: Buffer; frameOffsets: readonly number[] } {
  const offsets: number[] = [];
  let at = 0;
  for (const { data, frameOffsets } of parts) {
    for (const offset of frameOffsets) offsets.push(at + offset);
    at += data.length;
  }
  return { data: Buffer.concat(parts.map(({ data }) => data)), frameOffsets: offsets };
}

/** Cuts at frames, into about so many parts of equal length, none empty or too long. */
function cut(data: Buffer, frameOffsets: readonly number[], count: number): Buffer[] {
  const parts = Math.max(count, Math.ceil(data.length / (SWARM_CHUNK_BYTES / 2)));
  const pieces: Buffer[] = [];
  let from = 0;
  for (let part = 1; part <= parts; part++) {
    const wanted = Math.round((data.length * part) / parts);
    const to = part === parts ? data.length : (frameOffsets.findLast((offset) => offset <= wanted) ?? wanted);
    for (; from < to; from = Math.min(to, from + SWARM_CHUNK_BYTES)) {
      pieces.push(data.subarray(from, Math.min(to, from + SWARM_CHUNK_BYTES)));
    }
  }
  return pieces;
}
