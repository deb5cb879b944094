import type { Fragment, TrackMetadata } from '../../core/fragment.ts';

/** Whole frames of one fragment that go into one file. */
export interface Piece {
  readonly start: number;
  /** Byte offset behind its last frame. */
  readonly end: number;
  readonly durationUs: number;
}

/** What a file still takes. */
export interface Room {
  /** Whether a frame that begins at this time belongs into the file. */
  belongs(startTimeUs: number): boolean;
  readonly bytes: number;
  readonly durationUs: number;
  /** At least one frame goes into a file, however small its limits are. */
  readonly isEmpty: boolean;
}

/** The frames of a fragment by number; opaque bytes are one frame. */
function borders(fragment: Fragment): readonly number[] {
  return fragment.frameOffsets.length > 0 ? fragment.frameOffsets : [0];
}

/** Where the frame of that number begins within its fragment, in whole microseconds; one behind the last gives the end. */
function frameTimeUs(fragment: Fragment, index: number): number {
  const count = borders(fragment).length;
  return index >= count ? fragment.durationUs : Math.floor((fragment.durationUs * index) / count);
}

/** Where a byte is within its fragment, in microseconds: the start of its frame, and the fragment's end behind the last. */
export function timeWithinUs(fragment: Fragment, offset: number): number {
  if (offset >= fragment.data.length) return fragment.durationUs;
  return frameTimeUs(
    fragment,
    borders(fragment).findLastIndex((border) => border <= offset),
  );
}

/** The longest run of frames from the border `start` on that the file takes; undefined when it takes none. */
export function cutPiece(fragment: Fragment, start: number, room: Room): Piece | undefined {
  const offsets = borders(fragment);
  const first = offsets.indexOf(start);
  const firstUs = frameTimeUs(fragment, first);
  let next = first;
  for (; next < offsets.length; next++) {
    if (!room.belongs(fragment.startTimeUs + frameTimeUs(fragment, next))) break;
    const bytes = (offsets[next + 1] ?? fragment.data.length) - start;
    const fits = bytes <= room.bytes && frameTimeUs(fragment, next + 1) - firstUs <= room.durationUs;
    if (!fits && !(room.isEmpty && next === first)) break;
  }
  if (next === first) return undefined;
  const end = offsets[next] ?? fragment.data.length;
  return { start, end, durationUs: frameTimeUs(fragment, next) - firstUs };
}

/** The metadata that holds at a byte of the fragment. */
export function metadataAt(fragment: Fragment, offset: number): TrackMetadata | undefined {
  return fragment.metadata.findLast((mark) => mark.offset <= offset)?.metadata ?? fragment.openingMetadata;
}
