import { framesText, timeText } from './position-text.ts';
import type { SessionStretch, TakeTrack, TrackVerdict } from './take-schema.ts';

const SHOWN = 4;

/**
 * A track whose sender began after the take did, or was started again while it was recorded, with the proof of each
 * session's part: identical as a whole when each is, and nothing but the time before and between them is silent.
 * @param isEnd whether all that was sent in the last session is there
 */
export function proveSessions(
  track: TakeTrack,
  sessions: readonly SessionStretch[],
  { isEnd }: { readonly isEnd: boolean },
): TakeTrack {
  const offsetFrames = isAllProven(sessions) ? 0 : null;
  const [first, ...others] = sessions;
  const isOne = others.length === 0 && offsetFrames === 0;
  const verdict = isOne ? verdictOfOne(track, first!, isEnd) : verdictOf(track, sessions);
  return { ...track, sessions, offsetFrames, verdict };
}

function verdictOfOne({ sampleRate }: TakeTrack, first: SessionStretch, isEnd: boolean): TrackVerdict {
  const { start, frames, sessionStart } = first;
  const kind = isEnd && sessionStart === 0 ? 'identical' : 'excerpt';
  const what = kind === 'identical' ? framesText(frames, sampleRate) : 'to what was sent meanwhile';
  return {
    kind,
    words: `identical${kind === 'identical' ? ':' : ''} ${what}, sample for sample, after ${framesText(start, sampleRate)} in which nothing was sent`,
  };
}

function isAllProven(sessions: readonly SessionStretch[]): boolean {
  return sessions.every(({ offsetFrames }) => offsetFrames === 0);
}

function verdictOf(track: TakeTrack, sessions: readonly SessionStretch[]): TrackVerdict {
  const { sampleRate } = track;
  const proven = sessions.filter(({ offsetFrames }) => offsetFrames === 0);
  const inside = missingIn(track, sessions);
  const again = `the sender was started again, ${silence(track, sessions)} between its sessions`;
  if (isAllProven(sessions)) {
    return { kind: 'excerpt', words: `identical to what was sent in ${count(sessions)}, sample for sample: ${again}` };
  }
  const others = sessions
    .filter(({ offsetFrames }) => offsetFrames !== 0)
    .slice(0, SHOWN)
    .map((stretch) => `${span(stretch, sampleRate)}: ${stretch.words}`);
  const kind = inside > 0 ? 'gaps' : proven.length > 0 ? 'part' : 'unproven';
  const missing = inside > 0 ? `${framesText(inside, sampleRate)} missing; ` : '';
  const words = `${missing}${count(proven)} of ${sessions.length} proven identical; ${others.join('; ')}; ${again}`;
  return { kind, words: words.slice(0, 1000) };
}

/** Frames that are missing in what was sent. */
function missingIn({ gaps }: TakeTrack, sessions: readonly SessionStretch[]): number {
  let missing = 0;
  for (const { start, frames } of sessions) {
    for (const [from, length] of gaps) {
      missing += Math.max(0, Math.min(from + length, start + frames) - Math.max(from, start));
    }
  }
  return missing;
}

function silence({ sampleRate }: TakeTrack, sessions: readonly SessionStretch[]): string {
  let frames = 0;
  for (const [index, { start }] of sessions.entries()) {
    const before = sessions[index - 1];
    if (before) frames += start - before.start - before.frames;
  }
  return frames > 0 ? `${framesText(frames, sampleRate)} of silence` : 'nothing';
}

function count(sessions: readonly unknown[]): string {
  return sessions.length === 1 ? '1 session' : `${sessions.length} sessions`;
}

/** A stretch by its times in the take. */
export function span({ start, frames }: Pick<SessionStretch, 'start' | 'frames'>, sampleRate: number): string {
  return `${timeText(start, sampleRate)} to ${timeText(start + frames, sampleRate)}`;
}
