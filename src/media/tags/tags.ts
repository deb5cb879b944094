/**
 * Titles in files: what the readers of this folder find. They take bytes, know
 * nothing of files, and never throw on what a stranger wrote.
 * @module
 */
import type { TrackMetadata } from '../../core/fragment.ts';
import { cleanText, decodeText } from '../../core/text.ts';

/** Artist and title of a piece; cleaned text, never empty, at most `MAX_TAG_LENGTH` characters each. */
export interface Tags {
  readonly artist?: string;
  readonly title?: string;
}

/** Longest artist or title that is kept, in characters. */
export const MAX_TAG_LENGTH = 256;

/** Longest text that is decoded from a tag, in bytes; what follows is left out. */
const MAX_TAG_BYTES = 4096;

/** Cleaned and bounded text of a tag's bytes: `charset` as in `decodeText`, else UTF-8 when valid, else Windows-1252. */
export function decodeTag(bytes: Buffer, charset?: string): string {
  return cleanText(decodeText(bounded(bytes), charset), MAX_TAG_LENGTH);
}

/** Cut so that no UTF-8 character is split, which would spoil the guess of the charset. */
function bounded(bytes: Buffer): Buffer {
  if (bytes.length <= MAX_TAG_BYTES) return bytes;
  let end = MAX_TAG_BYTES;
  for (let back = 0; back < 3 && (bytes[end]! & 0xc0) === 0x80; back++) end--;
  return bytes.subarray(0, end);
}

/** Tags from texts that may be missing or empty. */
export function makeTags(artist: string | undefined, title: string | undefined): Tags {
  return { ...(artist ? { artist } : {}), ...(title ? { title } : {}) };
}

/** What listeners are shown for these tags, "Artist - Title" when both are known; undefined when there is no text. */
export function metadataOfTags(tags: Tags | undefined): TrackMetadata | undefined {
  const { artist, title } = tags ?? {};
  if (artist === undefined) return title === undefined ? undefined : { title };
  return { title: title === undefined ? artist : `${artist} - ${title}`, artist };
}
