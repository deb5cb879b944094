/**
 * Where the sound of a recorded track is in what was sent: by the SSRC and timestamp with which each of its runs
 * began. Pure.
 * @module
 */
import type { FlowPart, ServedFlowInfo } from '../../protocols/repair/messages.ts';
import type { TakeTrack } from '../proof/take-schema.ts';
import { encodingBytes } from '../types.ts';

const WRAP = 2 ** 32;

/** A run of a track that a sender still has: its position `start` is the sender's frame `start + shift`. */
export interface PlacedRun {
  readonly start: number;
  readonly shift: number;
  readonly flow: number;
}

/** A track, and where its sound comes from. */
export interface PlacedTrack {
  readonly part: Omit<FlowPart, 'flow'>;
  readonly runs: readonly PlacedRun[];
}

/** A stretch that can be asked for. */
export interface Wanted {
  /** Position in the track. */
  readonly position: number;
  readonly frames: number;
  readonly flow: number;
  /** The sender's frame. */
  readonly start: number;
}

/** Undefined when the sender has nothing of the track. */
export function placeTrack(track: TakeTrack, flows: readonly ServedFlowInfo[]): PlacedTrack | undefined {
  const { channel = 0, channels, sampleRate, encoding } = track;
  const runs = (track.runs ?? []).flatMap(({ start, ssrc, timestamp }): PlacedRun[] => {
    const flow = flows.findIndex((info) => info.ssrc === ssrc);
    const info = flows[flow];
    if (!info || info.sampleRate !== sampleRate || info.sampleBytes !== encodingBytes(encoding)) return [];
    if (channel + channels > info.channels) return [];
    const framesAfter = Math.max(0, (track.recorded?.frames ?? 0) - start);
    return [{ start, shift: frameOf(timestamp, info, framesAfter) - start, flow }];
  });
  return runs.length > 0 ? { part: { channel, channels }, runs } : undefined;
}

// Timestamps wrap after a day: of all frames with that timestamp, the one that puts the end of the track nearest to the
// end of what was sent.
function frameOf(timestamp: number, info: ServedFlowInfo, framesAfter: number): number {
  const since = (timestamp - info.timestamp + WRAP) % WRAP;
  return since + Math.max(0, Math.round((info.frames - framesAfter - since) / WRAP)) * WRAP;
}

/**
 * What of a stretch of the track the sender has, in pieces of at most `maxFrames`; the rest is left out. Before its first
 * run a track is continued backwards, between two runs by either.
 */
export function wantedOf(
  { runs }: PlacedTrack,
  [start, frames]: readonly [start: number, frames: number],
  flows: readonly ServedFlowInfo[],
  maxFrames: number,
): Wanted[] {
  const after = runs.findIndex((run) => run.start > start);
  const index = after < 0 ? runs.length - 1 : after - 1;
  const pieces: Wanted[] = [];
  let left = { start, end: start + frames };
  for (const run of [runs[index], runs[index + 1]]) {
    if (!run || left.start >= left.end) continue;
    const from = Math.max(left.start, -run.shift);
    const to = Math.min(left.end, flows[run.flow]!.frames - run.shift);
    if (from >= to) continue;
    for (let at = from; at < to; at += maxFrames) {
      pieces.push({ position: at, frames: Math.min(maxFrames, to - at), flow: run.flow, start: at + run.shift });
    }
    left = { start: to, end: left.end };
  }
  return pieces;
}

/** The one shift of a track that comes from one flow without a jump; undefined otherwise. */
export function onlyShift({ runs }: PlacedTrack): { readonly flow: number; readonly shift: number } | undefined {
  const [first, ...others] = runs;
  return first && others.every(({ flow, shift }) => flow === first.flow && shift === first.shift) ? first : undefined;
}
