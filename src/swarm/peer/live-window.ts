import { ChunkSet } from '../coordinator/chunk-set.ts';
import type { ChunkStore } from './chunk-store.ts';

/** The newest chunks of a live stream, in memory: to be played in order, and given to others meanwhile. */
export class LiveWindow implements ChunkStore {
  readonly chunks = new ChunkSet();
  readonly #bytes = new Map<number, Buffer>();
  readonly #maxChunks: number;

  constructor(chunkSize: number, windowBytes: number) {
    this.#maxChunks = Math.max(4, Math.floor(windowBytes / chunkSize));
  }

  /** The lowest chunk that is kept or may come. */
  get firstChunk(): number {
    return this.chunks.nextFrom(0) ?? 0;
  }

  async write(chunk: number, bytes: Buffer): Promise<void> {
    this.#bytes.set(chunk, bytes);
    this.chunks.add(chunk);
    while (this.#bytes.size > this.#maxChunks) {
      const lowest = this.firstChunk;
      this.#bytes.delete(lowest);
      this.chunks.remove(lowest);
    }
  }

  async read(chunk: number): Promise<Buffer | undefined> {
    return this.#bytes.get(chunk);
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    this.#bytes.clear();
  }
}
