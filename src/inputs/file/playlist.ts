/**
 * Playlists as files: M3U, PLS and XSPF. Only the entries' texts are found here;
 * `playlist-entry.ts` decides which of them are files that may be played.
 * @module
 */
import { decodeText } from '../../core/text.ts';

/** Longest playlist that is read, in bytes. */
export const MAX_PLAYLIST_BYTES = 1024 * 1024;
/** Entries beyond these are left out. */
export const MAX_PLAYLIST_ENTRIES = 10_000;

const PLAYLIST_EXTENSIONS = new Set(['.m3u', '.m3u8', '.pls', '.xspf']);

/** True for the extensions (lower case, with the dot) of playlists. */
export function isPlaylistExtension(extension: string): boolean {
  return PLAYLIST_EXTENSIONS.has(extension);
}

/** The entries of a playlist in their order, as written; `extension` as in `isPlaylistExtension`. */
export function parsePlaylist(bytes: Buffer, extension: string): string[] {
  const text = decodeText(bytes.subarray(0, MAX_PLAYLIST_BYTES)).replace(/^\ufeff/, '');
  if (extension === '.xspf') return xspfEntries(text);
  return extension === '.pls' ? plsEntries(text) : m3uEntries(text);
}

function m3uEntries(text: string): string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#')).slice(0, MAX_PLAYLIST_ENTRIES);
}

function plsEntries(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const match = /^\s*File\d{1,9}\s*=(.*)$/i.exec(line);
    if (match && entries.length < MAX_PLAYLIST_ENTRIES) entries.push(match[1]!.trim());
  }
  return entries.filter((entry) => entry !== '');
}

/** XSPF version 1, section 4.1.1.2.14.1.1.1.1: a track's `location` is a URI, relative ones too. */
function xspfEntries(text: string): string[] {
  const entries: string[] = [];
  for (const match of text.matchAll(/<location>([^<]*)<\/location>/g)) {
    if (entries.length >= MAX_PLAYLIST_ENTRIES) break;
    const uri = decodeEntities(match[1]!.trim());
    entries.push(/^[a-z][a-z0-9+.-]*:/i.test(uri) ? uri : decodePercent(uri));
  }
  return entries.filter((entry) => entry !== '');
}

const XML_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (name) return XML_ENTITIES[name.toLowerCase()]!;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function decodePercent(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
