import type { Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { contentTypeOfFile } from '../../media/content-type.ts';
import { isPlaylistExtension, MAX_PLAYLIST_BYTES, parsePlaylist } from './playlist.ts';
import { resolvePlaylistEntry } from './playlist-entry.ts';

const MAX_FILES = 10_000;
const MAX_DEPTH = 8;

/** Sorts `2.mp3` before `10.mp3`, the same on every machine. */
const byName = new Intl.Collator('en', { numeric: true });

/** What a path holds to play. */
export interface Listing {
  readonly kind: 'file' | 'folder' | 'playlist';
  /** Absolute paths in the order of playing. */
  readonly files: readonly string[];
  /** Entries of a playlist that are left out. */
  readonly leftOut: readonly { readonly entry: string; readonly reason: string }[];
}

/**
 * Lists a file (of any extension), a folder (recursive, sorted by name; hidden files and unknown
 * extensions left out) or a playlist.
 * @param path absolute
 * @param allowedFolders absolute folders that a playlist's entries may lie in, beside the playlist's own
 * @throws DistreamError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_NOT_AUDIO
 */
export async function listAudio(path: string, allowedFolders: readonly string[] = []): Promise<Listing> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return { kind: 'folder', files: await listFolder(path, stats), leftOut: [] };
    if (!stats.isFile())
      throw new DistreamError('FILE_NOT_AUDIO', { path, reason: 'it is neither a file nor a folder' });
    if (isPlaylistExtension(extname(path).toLowerCase())) return await listPlaylist(path, allowedFolders);
    return { kind: 'file', files: [path], leftOut: [] };
  } catch (error) {
    throw fileError(path, error);
  }
}

/** The error for people of a failed call on a file. A DistreamError is given back as it is. */
export function fileError(path: string, error: unknown): DistreamError {
  if (error instanceof DistreamError) return error;
  const { code } = error as { code?: unknown };
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  if (isMissing) return new DistreamError('FILE_NOT_FOUND', { path }, { cause: error });
  return new DistreamError('FILE_UNREADABLE', { path, reason: reasonOf(error) }, { cause: error });
}

async function listFolder(folder: string, stats: Stats): Promise<string[]> {
  const files: string[] = [];
  await collect(folder, stats, { files, visited: new Set(), depth: 0 });
  return files;
}

interface Walk {
  readonly files: string[];
  /** Folders seen, by device and inode: symbolic links may lead in a circle. */
  readonly visited: Set<string>;
  readonly depth: number;
}

async function collect(folder: string, stats: Stats, walk: Walk): Promise<void> {
  const identity = `${stats.dev}:${stats.ino}`;
  if (walk.depth > MAX_DEPTH || walk.visited.has(identity)) return;
  walk.visited.add(identity);
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  for (const name of names.sort(byName.compare)) {
    if (walk.files.length >= MAX_FILES) return;
    const path = join(folder, name);
    const entry = await stat(path).catch(() => undefined); // vanished, or a link that leads nowhere
    if (entry?.isDirectory()) await collect(path, entry, { ...walk, depth: walk.depth + 1 }).catch(() => undefined);
    else if (entry?.isFile() && contentTypeOfFile(name)) walk.files.push(path);
  }
}

async function listPlaylist(path: string, allowedFolders: readonly string[]): Promise<Listing> {
  const files: string[] = [];
  const leftOut: { entry: string; reason: string }[] = [];
  const place = { folder: dirname(path), allowedFolders };
  for (const entry of parsePlaylist(await readStart(path), extname(path).toLowerCase())) {
    const resolved = resolvePlaylistEntry(entry, place);
    if ('reason' in resolved) leftOut.push({ entry, reason: resolved.reason });
    else if (contentTypeOfFile(resolved.path)) files.push(resolved.path);
    else leftOut.push({ entry, reason: 'its extension is not one of a file that can be played' });
  }
  return { kind: 'playlist', files, leftOut };
}

async function readStart(path: string): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, MAX_PLAYLIST_BYTES));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
