/**
 * Playlists that name streams: M3U and M3U8, PLS, XSPF. Their addresses come from strangers: who dials
 * one checks it first.
 * @module
 */
import { cleanText, decodeText } from '../../core/text.ts';
import { xspfTracks } from './xspf.ts';

/** Bytes of a playlist that are read; who receives one stops there. */
export const MAX_PLAYLIST_BYTES = 64 * 1024;
/** Entries that are read. */
export const MAX_PLAYLIST_ENTRIES = 1000;
const MAX_URL_CHARACTERS = 2048;
const MAX_TITLE_CHARACTERS = 300;

/** One entry, in the order of the playlist. */
export interface PlaylistEntry {
  /** As written, may be relative; neither checked nor cleaned. */
  readonly url: string;
  /** Cleaned. */
  readonly title?: string;
}

/** `hls` is a playlist of segments (RFC 8216), not of streams: its entries are left out. */
export type PlaylistFormat = 'm3u' | 'pls' | 'xspf' | 'hls';

/** A playlist that was read. */
export interface Playlist {
  readonly format: PlaylistFormat;
  readonly entries: readonly PlaylistEntry[];
}

const PLAYLIST_TYPES: ReadonlySet<string> = new Set([
  'audio/x-mpegurl',
  'audio/mpegurl',
  'application/x-mpegurl',
  'application/mpegurl',
  'application/vnd.apple.mpegurl',
  'audio/x-scpls',
  'audio/scpls',
  'application/pls',
  'application/pls+xml',
  'application/xspf+xml',
]);
/** Types under which servers send files that they do not know. */
const VAGUE_TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream']);
const EXTENSION = /\.(m3u|m3u8|pls|xspf)$/i;

/**
 * Whether an answer is a playlist: by its MIME type, or by the ending of its path where the type says nothing.
 * @param mimeType lower case, without parameters; empty when there is none
 * @param path of the address, without the query
 */
export function isPlaylist(mimeType: string, path: string): boolean {
  return PLAYLIST_TYPES.has(mimeType) || (VAGUE_TYPES.has(mimeType) && EXTENSION.test(path));
}

/** Reads a playlist; which kind it is its first bytes tell. Anything is taken, without entries when it is none. */
export function parsePlaylist(bytes: Buffer): Playlist {
  const text = decodeText(bytes.subarray(0, MAX_PLAYLIST_BYTES)).replace(/^\ufeff/, '');
  const start = text.slice(0, 1024).trimStart();
  if (/^\[playlist\]/i.test(start)) return { format: 'pls', entries: bounded(plsEntries(text)) };
  if (start.startsWith('<')) return { format: 'xspf', entries: bounded(xspfTracks(text)) };
  const lines = linesOf(text);
  if (lines.some((line) => HLS_TAG.test(line))) return { format: 'hls', entries: [] };
  return { format: 'm3u', entries: bounded(m3uEntries(lines)) };
}

interface RawEntry {
  readonly url: string;
  readonly title?: string | undefined;
}

function bounded(entries: Iterable<RawEntry>): PlaylistEntry[] {
  const kept: PlaylistEntry[] = [];
  for (const { url, title } of entries) {
    if (kept.length >= MAX_PLAYLIST_ENTRIES) break;
    if (url === '' || url.length > MAX_URL_CHARACTERS) continue;
    const shown = cleanText(title ?? '', MAX_TITLE_CHARACTERS);
    kept.push(shown ? { url, title: shown } : { url });
  }
  return kept;
}

function linesOf(text: string): string[] {
  return text.split(/[\r\n]+/).map((line) => line.trim());
}

/** Tags that only HLS has (RFC 8216 section 4.3). */
const HLS_TAG = /^#EXT-X-(?:TARGETDURATION|STREAM-INF|MEDIA-SEQUENCE|MEDIA):/;
/** `#EXTINF:seconds attributes,title`. */
const EXTINF = /^#EXTINF:[^,]{0,200},(.*)$/i;

function* m3uEntries(lines: readonly string[]): Generator<RawEntry> {
  let title: string | undefined;
  for (const line of lines) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      title = EXTINF.exec(line)?.[1] ?? title;
      continue;
    }
    yield { url: line, title };
    title = undefined;
  }
}

function plsEntries(text: string): RawEntry[] {
  const urls = new Map<number, string>();
  const titles = new Map<number, string>();
  for (const line of linesOf(text)) {
    const [, key, number, value = ''] = /^(file|title)(\d{1,6})\s{0,8}=(.*)$/i.exec(line) ?? [];
    if (key === undefined) continue;
    const fields = key.toLowerCase() === 'file' ? urls : titles;
    if (!fields.has(Number(number))) fields.set(Number(number), value.trim());
  }
  const numbers = [...urls.keys()].sort((a, b) => a - b);
  return numbers.map((number) => ({ url: urls.get(number)!, title: titles.get(number) }));
}
