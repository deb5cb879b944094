import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { openWavFile, type WavFile } from '../wav-file.ts';

const EXTENSIONS = new Set(['.wav', '.wave', '.bwf', '.rf64', '.bw64']);
const MAX_FILES = 1024;
/** Bad files that a message names. */
const MAX_NAMED = 20;
const NATURAL = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** A file to send. */
export interface SourceTrack {
  /** The file's name without its ending, cleaned. */
  readonly name: string;
  readonly file: WavFile;
}

/** A file that cannot be sent. */
interface BadFile {
  readonly path: string;
  readonly error: DistreamError;
}

/**
 * Opens files, and those of folders in their natural order (`2.wav` before `10.wav`). Whoever calls it closes them. All
 * of them are looked at before any is refused, so that a person mends them in one go.
 * @throws DistreamError TRACK_UNREADABLE or TRACK_NOT_PCM when one is bad, TRACKS_UNUSABLE with a line for each when
 * several are; none is left open then
 */
export async function openTracks(paths: readonly string[]): Promise<SourceTrack[]> {
  const { files, bad } = await searchTracks(paths);
  const total = files.length + bad.length;
  const tracks: SourceTrack[] = [];
  for (const path of files) {
    try {
      tracks.push(await openTrack(path));
    } catch (error) {
      if (!(error instanceof DistreamError)) {
        await closeTracks(tracks);
        throw error;
      }
      bad.push({ path, error });
    }
  }
  if (bad.length === 0) return tracks;
  await closeTracks(tracks);
  throw refusalOf(bad, total);
}

async function openTrack(path: string): Promise<SourceTrack> {
  const file = await openWavFile(path);
  if (file.head.frames > 0) return { name: cleanText(basename(path, extname(path)), 128) || 'track', file };
  await file.close();
  throw new DistreamError('TRACK_NOT_PCM', { path, reason: 'it holds no audio' });
}

function refusalOf(bad: readonly BadFile[], total: number): DistreamError {
  if (bad.length === 1) return bad[0]!.error;
  const lines = bad.slice(0, MAX_NAMED).map(({ path, error }) => `${path}: ${error.details.reason ?? error.message}`);
  if (bad.length > MAX_NAMED) lines.push(`and ${bad.length - MAX_NAMED} more`);
  return new DistreamError('TRACKS_UNUSABLE', { bad: bad.length, total }, { lines });
}

/** Closes their files. */
export async function closeTracks(tracks: readonly SourceTrack[]): Promise<void> {
  await Promise.all(tracks.map(({ file }) => file.close()));
}

/**
 * The files that paths mean: a folder stands for the WAV files right in it, in their natural order.
 * @throws DistreamError TRACK_UNREADABLE
 */
export async function findTracks(paths: readonly string[]): Promise<string[]> {
  const { files, bad } = await searchTracks(paths);
  if (bad.length > 0) throw bad[0]!.error;
  return files;
}

/** What paths mean, and those that mean nothing. */
async function searchTracks(paths: readonly string[]): Promise<{ files: string[]; bad: BadFile[] }> {
  const files: string[] = [];
  const bad: BadFile[] = [];
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) files.push(...(await filesOf(path)));
      else files.push(path);
    } catch (error) {
      bad.push({ path, error: error instanceof DistreamError ? error : unreadable(path, reasonOf(error), error) });
    }
    if (files.length > MAX_FILES) throw unreadable(path, `there are more than ${MAX_FILES} files`);
  }
  return { files, bad };
}

async function filesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(
    (name) => !name.startsWith('.') && EXTENSIONS.has(extname(name).toLowerCase()),
  );
  if (names.length === 0) throw unreadable(folder, 'the folder has no WAV, BWF or RF64 files');
  return names.sort(NATURAL.compare).map((name) => join(folder, name));
}

function unreadable(path: string, reason: string, cause?: unknown): DistreamError {
  return new DistreamError('TRACK_UNREADABLE', { path, reason }, { cause });
}
