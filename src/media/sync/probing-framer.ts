import type { Framer } from '../framer.ts';

/** Garbage after which a stream that had frames is passed on as opaque bytes. */
export const MAX_GARBAGE_BYTES = 64 * 1024;

/** The most of a tag that is skipped by its declared size; the rest is searched for frames. */
export const MAX_TAG_BYTES = 1024 * 1024;

/** A framer that can be tried on bytes of unknown kind. */
export interface ProbingFramer extends Framer {
  /** True once the bytes were found to be of the framer's codec; it stays true. */
  readonly confirmed: boolean;
  /** Bytes taken since the last frame that are in no frame and in no tag. */
  readonly unframedBytes: number;
}
