/**
 * The arithmetic of chunks: a file is cut at multiples of its chunk size, the last chunk may be shorter. Numbers count
 * from 0; all are safe integers.
 * @module
 */
import { type ByteRange, type RangeSpec, rangeInFile } from './byte-range.ts';

/** The chunk size of an original server. */
export const DEFAULT_CHUNK_BYTES = 5000;

/** The most chunks of a file that a peer may be told of: 64 GiB in chunks of 4 KiB. */
export const MAX_CHUNKS = 2 ** 24;

/** How a file is cut. */
export interface ChunkGeometry {
  /** Bytes of the file; may be 0. */
  readonly size: number;
  /** Bytes of a chunk, at least 1. */
  readonly chunkSize: number;
}

/** Chunks `first` to `end - 1`; empty when both are equal. */
export interface ChunkSpan {
  readonly first: number;
  readonly end: number;
}

const NO_CHUNKS: ChunkSpan = { first: 0, end: 0 };

/** The number of chunks; 0 for an empty file. */
export function chunkCount({ size, chunkSize }: ChunkGeometry): number {
  return Math.ceil(size / chunkSize);
}

/** The bytes of a chunk. Throws RangeError when the file has no chunk of that number. */
export function chunkRange(geometry: ChunkGeometry, index: number): ByteRange {
  if (!Number.isSafeInteger(index) || index < 0 || index >= chunkCount(geometry)) {
    throw new RangeError(`there is no chunk ${index}`);
  }
  const min = index * geometry.chunkSize;
  return { min, max: Math.min(min + geometry.chunkSize, geometry.size) - 1 };
}

/** The number of the chunk that is exactly this range; undefined when none is. */
export function chunkOfRange(geometry: ChunkGeometry, { min, max }: ByteRange): number | undefined {
  const index = Math.floor(min / geometry.chunkSize);
  if (min < 0 || index >= chunkCount(geometry)) return undefined;
  const range = chunkRange(geometry, index);
  return range.min === min && range.max === max ? index : undefined;
}

/** The chunks of which the range has at least one byte: what `request`, `unrequest` and `unprovide` mean. */
export function chunksTouched(geometry: ChunkGeometry, spec: RangeSpec): ChunkSpan {
  const range = rangeInFile(spec, geometry.size);
  if (!range) return NO_CHUNKS;
  return { first: Math.floor(range.min / geometry.chunkSize), end: Math.floor(range.max / geometry.chunkSize) + 1 };
}

/** The chunks that lie in the range whole: what `provide` means. */
export function chunksCovered(geometry: ChunkGeometry, spec: RangeSpec): ChunkSpan {
  const range = rangeInFile(spec, geometry.size);
  if (!range) return NO_CHUNKS;
  const first = Math.ceil(range.min / geometry.chunkSize);
  const isToTheEnd = range.max === geometry.size - 1;
  const end = isToTheEnd ? chunkCount(geometry) : Math.floor((range.max + 1) / geometry.chunkSize);
  return first < end ? { first, end } : NO_CHUNKS;
}
