import { statfs } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { DistreamError } from '../../core/errors.ts';
import { frameBytesOf } from '../../media/wav/pcm-format.ts';
import type { ServedFlowInfo } from '../../protocols/repair/messages.ts';
import type { GapEntry } from '../proof/gap-list.ts';
import type { Take, TakeTrack } from '../proof/take-schema.ts';
import { formatOfEncoding } from '../types.ts';
import { onlyShift, type PlacedTrack, placeTrack } from './place-track.ts';
import { prependSilence } from './recorded-file.ts';
import { trackPath } from './take-folder.ts';

/** How much that was sent before the first and after the last frame that came is taken for lost, in seconds. */
export const LOST_ENDS_SECONDS = 5;

/** What was sent before and after the recording. */
interface Ends {
  readonly before: number;
  readonly after: number;
}

const NONE: Ends = { before: 0, after: 0 };

/**
 * The first and the last packets of a session can be lost like any other; nobody knows of it before the sender says what
 * it sent. Makes room for them: silence and a gap, to be filled. The beginning is one for all tracks, or they would no
 * longer begin together.
 * @param canMoveStart whether the beginning may be another one
 * @param maxSeconds how much at either end; more is taken for a recording that began later or ended earlier
 * @throws DistreamError TRACK_UNREADABLE, RECORDING_FAILED
 */
export async function stretchTake(
  take: Take,
  offered: { readonly flows: readonly ServedFlowInfo[]; readonly isOver: boolean },
  { folder, maxSeconds, canMoveStart = true }: { folder: string; maxSeconds: number; canMoveStart?: boolean },
): Promise<Take> {
  const ends = take.tracks.map((track) => endsOf(track, offered.flows));
  const beforeSeconds = Math.max(0, ...ends.map((end, index) => (end?.before ?? 0) / take.tracks[index]!.sampleRate));
  const isOfOneRate = new Set(take.tracks.map(({ sampleRate }) => sampleRate)).size === 1;
  // The same instant is between two frames at another rate, where they began and where the take did.
  const tolerance = isOfOneRate ? 0.5 : 2;
  const isEverywhere = take.tracks.every((track, index) => {
    const before = ends[index]?.before;
    // Tracks of another sender begin with silence, which becomes longer.
    if (before === undefined) return placeTrack(track, offered.flows) === undefined;
    return Math.abs(before - beforeSeconds * track.sampleRate) <= tolerance;
  });
  const begun = canMoveStart && isEverywhere && beforeSeconds > 0 && beforeSeconds <= maxSeconds ? beforeSeconds : 0;
  const startUtcMs = Date.parse(take.startUtc) - begun * 1000;
  const added = take.tracks.map((track, index): Ends => {
    const { before, after } = ends[index] ?? NONE;
    const isTailLost = offered.isOver && after <= maxSeconds * track.sampleRate;
    const moved = ends[index] ? before : Math.round(begun * track.sampleRate);
    return { before: begun > 0 ? moved : 0, after: isTailLost ? after : 0 };
  });
  await demandRoom(take, added, folder);
  const tracks: TakeTrack[] = [];
  for (const [index, track] of take.tracks.entries()) {
    const { before, after } = added[index]!;
    const path = trackPath(folder, track);
    if (before > 0 && path !== undefined) {
      await prependSilence(path, before, startUtcMs, basename(path, extname(path)));
    }
    tracks.push(stretched(track, before, after));
  }
  return { ...take, startUtc: new Date(startUtcMs).toISOString(), tracks };
}

// A sender can say that it has sent for years.
async function demandRoom(take: Take, added: readonly Ends[], folder: string): Promise<void> {
  let bytes = 0;
  for (const [index, { encoding, sampleRate, channels }] of take.tracks.entries()) {
    const { before, after } = added[index]!;
    bytes += (before + after) * frameBytesOf(formatOfEncoding(encoding, sampleRate, channels));
  }
  if (bytes === 0) return;
  // Where that is not known, the disk says so itself.
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: Number.POSITIVE_INFINITY, bsize: 1 }));
  const free = bavail * bsize;
  if (bytes <= free) return;
  const reason = `what was sent before and after it takes ${gigabytes(bytes)}, and ${gigabytes(free)} are free`;
  throw new DistreamError('RECORDING_FAILED', { path: folder, reason });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** What was sent outside of a track; undefined when it has no single place in what was sent, or begins before it. */
export function endsOf(track: TakeTrack, flows: readonly ServedFlowInfo[]): Ends | undefined {
  const placed = placeTrack(track, flows);
  if (placed && track.recorded && placed.runs.length > 1 && !onlyShift(placed)) return endOfLast(track, placed, flows);
  const place = placed && onlyShift(placed);
  if (placed && place && place.shift < 0) return endOfLast(track, placed, flows);
  if (!place || !track.recorded) return undefined;
  const after = flows[place.flow]!.frames - place.shift - track.recorded.frames;
  return after < 0 ? undefined : { before: place.shift, after };
}

// A sender that was started again: what it sent before the take began is gone with the session before.
function endOfLast(track: TakeTrack, { runs }: PlacedTrack, flows: readonly ServedFlowInfo[]): Ends | undefined {
  const last = runs.at(-1)!;
  if (last.start !== track.runs?.at(-1)?.start) return undefined;
  const after = flows[last.flow]!.frames - last.shift - (track.recorded?.frames ?? 0);
  return after < 0 ? undefined : { before: 0, after };
}

function stretched(track: TakeTrack, before: number, after: number): TakeTrack {
  if (!track.recorded || before + after === 0) return track;
  const frames = before + track.recorded.frames;
  const moved = (entries: readonly GapEntry[]): GapEntry[] => {
    const [first] = entries;
    // What the track had not begun with becomes longer.
    const isAbsent = before > 0 && first?.[0] === 0 && first[2] === 'absent';
    const absent = before + (isAbsent ? first[1] : 0);
    return [
      ...(before > 0 ? [[0, absent, 'absent'] as const] : []),
      ...entries.slice(isAbsent ? 1 : 0).map(([start, length, cause]) => [start + before, length, cause] as const),
      ...(after > 0 ? [[frames, after, 'lost'] as const] : []),
    ];
  };
  const gaps = moved(track.gaps);
  const history = track.gapsBeforeRepair ? { gapsBeforeRepair: moved(track.gapsBeforeRepair) } : {};
  const runs = (track.runs ?? []).map((run) => ({ ...run, start: run.start + before }));
  return { ...track, ...history, gaps, runs, recorded: { ...track.recorded, frames: frames + after } };
}
