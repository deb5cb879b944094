import type { ReadonlyChunkSet } from '../coordinator/chunk-set.ts';

/** Where a peer keeps verified chunks. */
export interface ChunkStore {
  /** What it keeps. */
  readonly chunks: ReadonlyChunkSet;
  /** Keeps a chunk whose hash was right. Rejects with FILE_UNWRITABLE. */
  write(chunk: number, bytes: Buffer, hash: string): Promise<void>;
  /** The bytes of a chunk; undefined when they are not kept (any more). */
  read(chunk: number): Promise<Buffer | undefined>;
  /** All is there: gives the file its name. Rejects with FILE_UNWRITABLE. */
  finish(): Promise<void>;
  /** Keeps what is there for another time. */
  close(): Promise<void>;
}
