/**
 * Which parts of a track are of which session, when its sender was started again while it was recorded. Pure.
 * @module
 */
import type { ServedFlowInfo } from '../../protocols/repair/messages.ts';
import type { RepairAddress, TakeTrack } from '../proof/take-schema.ts';
import { placeTrack } from './place-track.ts';

/** A session, and its flows as its sender told of them. */
export interface KnownSession {
  readonly session: string;
  readonly flows: readonly ServedFlowInfo[];
}

/** A part of a track that comes from one session, or from one that nobody knows. */
export interface TrackStretch {
  readonly session: string | undefined;
  /** The number of its flow in the session. */
  readonly flow: number;
  /** Positions in the track. */
  readonly start: number;
  readonly end: number;
  /** Position p is the session's sample frame p + shift. */
  readonly shift: number;
}

/** The sessions of a take: the one that is served now, and those of which their senders told before. */
export function sessionsOf(offered: KnownSession, before: readonly RepairAddress[] = []): KnownSession[] {
  const earlier = before.filter(({ session }) => session !== offered.session);
  return [offered, ...earlier.flatMap(({ session, flows }) => (flows ? [{ session, flows }] : []))];
}

/**
 * The stretches of a track, in order. What lies between two of them was sent by nobody, as far as is known: one ends
 * where its last packet ended, the next one begins with the first frame of its session, or where the one before ended.
 */
export function stretchesOf(track: TakeTrack, sessions: readonly KnownSession[]): TrackStretch[] {
  const { runs = [], recorded } = track;
  const stretches: TrackStretch[] = [];
  const silences = new Map((track.gapsBeforeRepair ?? track.gaps).map(([start, frames]) => [start + frames, start]));
  for (const run of runs) {
    const place = placeOf({ ...track, runs: [run] }, sessions);
    const last = stretches.at(-1);
    if (last && place.session !== undefined && isContinued(last, place)) continue;
    const lastEnd = last ? (silences.get(run.start) ?? run.start) : 0;
    if (last) stretches[stretches.length - 1] = { ...last, end: lastEnd };
    const start = place.session === undefined ? run.start : Math.max(lastEnd, -place.shift);
    stretches.push({ ...place, start: Math.min(start, run.start), end: recorded?.frames ?? 0 });
  }
  return stretches.filter(({ start, end }) => end > start);
}

function isContinued(last: TrackStretch, next: Omit<TrackStretch, 'start' | 'end'>): boolean {
  return last.session === next.session && last.flow === next.flow && last.shift === next.shift;
}

function placeOf(track: TakeTrack, sessions: readonly KnownSession[]): Omit<TrackStretch, 'start' | 'end'> {
  for (const { session, flows } of sessions) {
    const run = placeTrack(track, flows)?.runs[0];
    if (run) return { session, flow: run.flow, shift: run.shift };
  }
  return { session: undefined, flow: 0, shift: 0 };
}

/** Whether a track is of one session from its beginning on, or of nobody that is known: then it is proven as a whole. */
export function isWhole([first, ...others]: readonly TrackStretch[]): boolean {
  return others.length === 0 && (first?.session === undefined || first.start === 0);
}

/**
 * The flows of a session and, behind them, the same flows as an earlier session numbered them: what that one has sent
 * can be asked of the same files.
 * @param earlier stretches of a track that are of earlier sessions with the same files
 */
export function withEarlier(
  served: readonly ServedFlowInfo[],
  sessions: readonly KnownSession[],
  earlier: readonly TrackStretch[],
): ServedFlowInfo[] {
  const added = earlier.flatMap(({ session, flow, end, shift }) => {
    const known = sessions.find((one) => one.session === session)!.flows;
    // Nobody knows what it has sent after its last packet that came.
    return served.map((info, index) => {
      const frames = index === flow ? Math.min(info.frames, end + shift) : 0;
      return { ...info, ssrc: known[index]!.ssrc, timestamp: known[index]!.timestamp, frames };
    });
  });
  return [...served, ...added];
}

/** Whether two sessions have flows of the same shapes, so that they can be of the same files. */
export function isAlike(one: readonly ServedFlowInfo[], other: readonly ServedFlowInfo[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ sampleRate, channels, sampleBytes }, index) => {
      const twin = other[index]!;
      return sampleRate === twin.sampleRate && channels === twin.channels && sampleBytes === twin.sampleBytes;
    })
  );
}
