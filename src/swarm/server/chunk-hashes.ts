import { createHash } from 'node:crypto';
import type { SharedFile } from '../coordinator/shared-file.ts';

/** Hashes kept, 2 MiB or so; a file's chunks are asked for once by each taker. */
const MAX_KEPT = 32_768;

/** SHA-256 of bytes as PDTP writes it. */
export function chunkHash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Hashes of chunks, computed when first asked for and kept, the newest of them. */
export class ChunkHashes {
  readonly #read: (file: SharedFile, chunk: number) => Promise<Buffer | undefined>;
  readonly #kept = new Map<string, Promise<string | undefined>>();

  /** `read` gives a chunk's bytes; undefined when this version of the file is no more. */
  constructor(read: (file: SharedFile, chunk: number) => Promise<Buffer | undefined>) {
    this.#read = read;
  }

  /** The hash of a chunk; undefined when it cannot be read. Never rejects. */
  hashOf(file: SharedFile, chunk: number): Promise<string | undefined> {
    const key = `${chunk} ${file.version} ${file.path}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const made = this.#read(file, chunk).then(
      (bytes) => bytes && chunkHash(bytes),
      () => undefined,
    );
    this.#kept.set(key, made);
    void made.then((hash) => {
      if (hash === undefined) this.#kept.delete(key);
    });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return made;
  }
}
