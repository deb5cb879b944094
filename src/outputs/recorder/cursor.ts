import type { Fragment } from '../../core/fragment.ts';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';
import { timeWithinUs } from './piece.ts';

/** The next byte to record. */
export interface Cursor {
  readonly sequence: number;
  /** A frame border of that fragment. */
  readonly offset: number;
  /** Its place on the stream's time line, in microseconds. */
  readonly mediaTimeUs: number;
  /** The newest time that a file was named by, in microseconds: names do not jump back with a clock that is set. */
  readonly namedTimeUs: number;
}

/** A clock that is set back by more than this is believed. */
const MAX_BACKSTEP_US = 300_000_000;

/** The cursor at the start of a fragment. */
export function cursorAt(fragment: Fragment): Cursor {
  const { sequence, mediaTimeUs } = fragment;
  return { sequence, offset: 0, mediaTimeUs, namedTimeUs: Number.NEGATIVE_INFINITY };
}

/** The cursor behind the frames of `fragment` that end at the byte `end`. */
export function advance(cursor: Cursor, fragment: Fragment, end: number): Cursor {
  const isAtEnd = end >= fragment.data.length;
  const withinUs = timeWithinUs(fragment, end);
  return {
    sequence: fragment.sequence + (isAtEnd ? 1 : 0),
    offset: isAtEnd ? 0 : end,
    mediaTimeUs: fragment.mediaTimeUs + withinUs,
    namedTimeUs: namingTimeUs(cursor, fragment.startTimeUs + withinUs),
  };
}

/** The time by which audio of `timeUs` at or behind the cursor is named. */
export function namingTimeUs(cursor: Cursor, timeUs: number): number {
  const isBackstep = timeUs < cursor.namedTimeUs && timeUs > cursor.namedTimeUs - MAX_BACKSTEP_US;
  return isBackstep ? cursor.namedTimeUs : timeUs;
}

/** Audio between the cursor and the oldest fragment held, in microseconds, when the cursor's fragment was evicted; else 0. */
export function evictedUs(cursor: Cursor, buffer: FragmentBuffer): number {
  const oldest = buffer.oldest;
  if (!oldest || oldest.sequence <= cursor.sequence) return 0;
  return Math.max(1, oldest.mediaTimeUs - cursor.mediaTimeUs);
}
