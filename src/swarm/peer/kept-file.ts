import { type FileHandle, open } from 'node:fs/promises';
import { rangeLength } from '../../protocols/pdtp/byte-range.ts';
import { type ChunkGeometry, chunkCount, chunkRange } from '../../protocols/pdtp/chunks.ts';
import { ChunkSet } from '../coordinator/chunk-set.ts';
import type { ChunkStore } from './chunk-store.ts';

/** Compares a chunk with its hash. */
type IsRight = (chunk: number, bytes: Buffer) => boolean;

/** A file that is whole already: it is given to others and never written to. */
export class KeptFile implements ChunkStore {
  readonly chunks = new ChunkSet();
  readonly #geometry: ChunkGeometry;
  readonly #file: FileHandle;
  readonly #isRight: IsRight;

  private constructor(geometry: ChunkGeometry, file: FileHandle, isRight: IsRight) {
    this.#geometry = geometry;
    this.#file = file;
    this.#isRight = isRight;
  }

  /**
   * Looks whether the file at `path` is the one that is fetched, chunk by chunk. Answers undefined when it is not there,
   * cannot be read, or is another. The caller closes it.
   */
  static async open(path: string, geometry: ChunkGeometry, isRight: IsRight): Promise<KeptFile | undefined> {
    const file = await open(path, 'r').catch(() => undefined);
    if (!file) return undefined;
    const kept = new KeptFile(geometry, file, isRight);
    if (await kept.#isWhole().catch(() => false)) return kept;
    await file.close();
    return undefined;
  }

  /** Nothing is missing, so nothing comes. */
  async write(): Promise<void> {}

  /** Somebody may write to the file meanwhile: what is not right any more is not given. */
  async read(chunk: number): Promise<Buffer | undefined> {
    const range = chunkRange(this.#geometry, chunk);
    const bytes = Buffer.alloc(rangeLength(range));
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, range.min);
    return bytesRead === bytes.length && this.#isRight(chunk, bytes) ? bytes : undefined;
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #isWhole(): Promise<boolean> {
    const info = await this.#file.stat();
    if (!info.isFile() || info.size !== this.#geometry.size) return false;
    const count = chunkCount(this.#geometry);
    for (let chunk = 0; chunk < count; chunk++) {
      if (!(await this.read(chunk))) return false;
    }
    this.chunks.add(0, count);
    return true;
  }
}
