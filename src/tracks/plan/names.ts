import { cleanText } from '../../core/text.ts';

const SHOWN_NAMES = 3;

/** The first names of some tracks, and how many more there are. */
export function namesOf(tracks: readonly { readonly name: string }[]): string {
  const shown = tracks.slice(0, SHOWN_NAMES).map(({ name }) => cleanText(name, 80));
  return shown.join(', ') + (tracks.length > SHOWN_NAMES ? ` and ${tracks.length - SHOWN_NAMES} more` : '');
}
