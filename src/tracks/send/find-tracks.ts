import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { openWavFile, type WavFile } from '../wav-file.ts';

const EXTENSIONS = new Set(['.wav', '.wave', '.bwf', '.rf64', '.bw64']);
const MAX_FILES = 1024;
const NATURAL = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** A file to send. */
export interface SourceTrack {
  /** The file's name without its ending, cleaned. */
  readonly name: string;
  readonly file: WavFile;
}

/**
 * Opens files, and those of folders in their natural order (`2.wav` before `10.wav`). Whoever calls it closes them.
 * @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM; none is left open then
 */
export async function openTracks(paths: readonly string[]): Promise<SourceTrack[]> {
  const tracks: SourceTrack[] = [];
  try {
    for (const path of await findTracks(paths)) {
      const file = await openWavFile(path);
      tracks.push({ name: cleanText(basename(path, extname(path)), 128) || 'track', file });
      if (file.head.frames === 0) throw new DistreamError('TRACK_NOT_PCM', { path, reason: 'it holds no audio' });
    }
    return tracks;
  } catch (error) {
    await closeTracks(tracks);
    throw error;
  }
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
  const files: string[] = [];
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) files.push(...(await filesOf(path)));
      else files.push(path);
    } catch (error) {
      if (error instanceof DistreamError) throw error;
      throw unreadable(path, reasonOf(error), error);
    }
    if (files.length > MAX_FILES) throw unreadable(path, `there are more than ${MAX_FILES} files`);
  }
  return files;
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
