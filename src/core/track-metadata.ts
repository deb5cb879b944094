import type { TrackMetadata } from './fragment.ts';
import { cleanText } from './text.ts';

/** Longest title, artist or link that is kept, in characters. */
const MAX_TITLE = 1000;

/** A title as it comes from outside: one string, or artist and title apart. */
export interface RawTitle {
  /** "Artist - Title" as one string. */
  readonly song?: string | undefined;
  readonly artist?: string | undefined;
  readonly title?: string | undefined;
  readonly url?: string | undefined;
}

/** Cleans a title from outside and keeps it in both forms: "Artist - Title" and the artist apart. */
export function trackMetadata(raw: RawTitle): TrackMetadata {
  const artistGiven = clean(raw.artist);
  const titleGiven = clean(raw.title);
  const song = clean(raw.song) || [artistGiven, titleGiven].filter(Boolean).join(' - ');
  const dash = song.indexOf(' - ');
  const artist = artistGiven || (dash > 0 ? song.slice(0, dash) : '');
  const url = clean(raw.url);
  return { title: song, ...(artist ? { artist } : {}), ...(url ? { url } : {}) };
}

function clean(text: string | undefined): string {
  return text ? cleanText(text, MAX_TITLE) : '';
}
