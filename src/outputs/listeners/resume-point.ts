/**
 * Where a listener goes on that lost its connection: it names the byte that it wants next.
 * @module
 */
import type { Fragment } from '../../core/fragment.ts';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { JoinPoint } from './join-point.ts';

/**
 * A byte of what a mount sends, as `X-Stream-Position` and `?from=` name it: `RUN.BYTE`. All who listen are sent the
 * same bytes, so each counts on from its first.
 */
export interface StreamPosition {
  /** Tells one start of the mount from another; random. */
  readonly run: string;
  /** Bytes that the mount had sent before this one, gaps and other sources included. */
  readonly byte: number;
}

/** Who is further behind begins as a new listener does. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;
const POSITION = /^([\w-]{1,64})\.(\d{1,15})$/;

/** Reads `RUN.BYTE`; undefined for anything else. */
export function parsePosition(text: string | null | undefined): StreamPosition | undefined {
  const match = POSITION.exec(text ?? '');
  return match ? { run: match[1]!, byte: Number(match[2]) } : undefined;
}

/** Writes `RUN.BYTE`. */
export function formatPosition({ run, byte }: StreamPosition): string {
  return `${run}.${byte}`;
}

/**
 * Finds the byte that is `behind` bytes before the end of `newest`; a decoder goes on there when it had all before.
 * @param behind more than 0
 * @returns undefined when it is no longer kept, when a decoder needs headers in between, or beyond 4 MiB
 */
export function findResumePoint(buffer: FragmentBuffer, newest: Fragment, behind: number): JoinPoint | undefined {
  if (behind > MAX_BEHIND_BYTES) return undefined;
  let bytes = 0;
  for (let fragment: Fragment | undefined = newest; fragment; fragment = buffer.get(fragment.sequence - 1)) {
    if (fragment.format.headers.length > 0) return undefined;
    bytes += fragment.data.length;
    if (bytes >= behind) return { fragment, offset: bytes - behind };
  }
  return undefined;
}
