import type { SharedFile } from '../coordinator/shared-file.ts';

/** The most bytes that a window may hold. */
const MAX_WINDOW_BYTES = 256 * 2 ** 20;

/** What a live stream is published with. */
export interface LiveFileOptions {
  /** `/NAME`. */
  readonly path: string;
  /** Differs from that of an earlier run. */
  readonly version: string;
  readonly chunkSize: number;
  /** Bytes of which so many of the newest can be had. */
  readonly windowBytes: number;
}

/** A stream without end, cut into chunks as it comes, of which the newest are kept in memory. */
export class LiveFile implements SharedFile {
  readonly path: string;
  readonly version: string;
  readonly chunkSize: number;
  readonly isStreaming = true;
  readonly #maxChunks: number;
  readonly #chunks: Buffer[] = [];
  readonly #listeners = new Set<() => void>();
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #end = 0;

  constructor({ path, version, chunkSize, windowBytes }: LiveFileOptions) {
    this.path = path;
    this.version = version;
    this.chunkSize = chunkSize;
    this.#maxChunks = Math.max(2, Math.floor(Math.min(windowBytes, MAX_WINDOW_BYTES) / chunkSize));
  }

  get size(): number {
    return this.#end * this.chunkSize;
  }

  get firstChunk(): number {
    return this.#end - this.#chunks.length;
  }

  /** Takes the next bytes of the stream; the memory stays the caller's. */
  append(bytes: Buffer): void {
    const before = this.#end;
    let rest = bytes;
    while (this.#partialBytes + rest.length >= this.chunkSize) {
      const taken = this.chunkSize - this.#partialBytes;
      this.#push(Buffer.concat([...this.#partial, rest.subarray(0, taken)], this.chunkSize));
      this.#partial = [];
      this.#partialBytes = 0;
      rest = rest.subarray(taken);
    }
    if (rest.length > 0) {
      this.#partial.push(Buffer.from(rest));
      this.#partialBytes += rest.length;
    }
    if (this.#end > before) for (const listener of this.#listeners) listener();
  }

  /** The bytes of a chunk that is in the window. */
  read(chunk: number): Buffer | undefined {
    return this.#chunks[chunk - this.firstChunk];
  }

  /** Calls back when chunks were added. Returns the unsubscriber. */
  onGrown(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#end++;
    if (this.#chunks.length > this.#maxChunks) this.#chunks.shift();
  }
}
