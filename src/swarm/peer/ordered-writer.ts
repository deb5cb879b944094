import type { Writable } from 'node:stream';
import type { ChunkStore } from './chunk-store.ts';
import { unwritable } from './part-file.ts';

/** Writes chunks to a pipe in their order as they become whole, no faster than it is read. */
export class OrderedWriter {
  readonly #sink: Writable;
  readonly #store: ChunkStore;
  readonly #name: string;
  #next: number;
  #running: Promise<void> | undefined;
  #again = false;

  /** `name` is for errors. The sink stays the caller's. */
  constructor(sink: Writable, store: ChunkStore, firstChunk: number, name: string) {
    this.#sink = sink;
    this.#store = store;
    this.#next = firstChunk;
    this.#name = name;
  }

  /** The chunk that is written next. */
  get next(): number {
    return this.#next;
  }

  /** Leaves out what cannot come any more. */
  skipTo(chunk: number): void {
    this.#next = Math.max(this.#next, chunk);
  }

  /** Writes what can be written; resolves when it has. Rejects with FILE_UNWRITABLE. */
  write(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      for (;;) {
        const chunk = this.#next;
        const bytes = this.#store.chunks.has(chunk) ? await this.#store.read(chunk) : undefined;
        if (!bytes || chunk !== this.#next) break;
        await this.#put(bytes);
        this.skipTo(chunk + 1);
      }
    }
  }

  #put(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const closed = () => reject(unwritable(this.#name, Object.assign(new Error(), { code: 'EPIPE' })));
      if (this.#sink.destroyed) return closed();
      this.#sink.once('close', closed);
      this.#sink.write(bytes, (error) => {
        this.#sink.off('close', closed);
        if (error) reject(unwritable(this.#name, error));
        else resolve();
      });
    });
  }
}
