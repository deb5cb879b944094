import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a playlist's entries may lead. */
export interface PlaylistPlace {
  /** The playlist's own folder, absolute. */
  readonly folder: string;
  /** Further folders that the configuration allows, absolute. */
  readonly allowedFolders: readonly string[];
}

/** A file to play, or why an entry is left out. */
export type ResolvedEntry = { readonly path: string } | { readonly reason: string };

/**
 * The file that a playlist's entry names. An entry may not leave the playlist's
 * folder, nor the folders that the configuration allows, whatever a stranger wrote into it.
 */
export function resolvePlaylistEntry(entry: string, place: PlaylistPlace): ResolvedEntry {
  if (entry.includes('\0')) return { reason: 'it holds a NUL' };
  const isUrl = /^[a-z][a-z0-9+.-]+:\/\//i.test(entry);
  const named = isUrl ? fileOfUrl(entry) : entry;
  if (named === undefined) return { reason: 'it is an address, not a file' };
  const path = resolve(place.folder, withNativeSeparators(named));
  const isAllowed = [place.folder, ...place.allowedFolders].some((folder) => isInside(folder, path));
  return isAllowed ? { path } : { reason: 'it leaves the folder of the playlist; allow more with `folders`' };
}

function fileOfUrl(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/** Players on Windows write backslashes. */
function withNativeSeparators(path: string): string {
  return sep === '/' && !path.includes('/') ? path.replaceAll('\\', '/') : path;
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
