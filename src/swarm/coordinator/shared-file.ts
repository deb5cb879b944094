import type { ChunkGeometry } from '../../protocols/pdtp/chunks.ts';

/** A file or live stream that a coordinator shares out. Another version of a file is another object. */
export interface SharedFile extends ChunkGeometry {
  /** Below the root, begins with `/`; names the file among all versions. */
  readonly path: string;
  /** Changes with the contents; may be told to peers. */
  readonly version: string;
  /** Its size grows, and old chunks go. */
  readonly isStreaming: boolean;
  /** Bytes; of a live stream those of its whole chunks so far. */
  readonly size: number;
  /** The lowest chunk that can still be had; 0 for a file. */
  readonly firstChunk: number;
}
