import type { RangeAccount } from '../../protocols/repair/messages.ts';
import { comparePcm, type FrameRange } from '../proof/compare-pcm.ts';
import type { SessionStretch, TakeTrack } from '../proof/take-schema.ts';
import type { MendedTrack } from './mended-track.ts';
import { RepairRefused } from './repair-client.ts';
import type { RepairSource } from './repair-connections.ts';
import { isAlike, type KnownSession, type TrackStretch } from './track-sessions.ts';

/** A track, and whom its sessions can be asked of. */
export interface SessionAsk {
  readonly client: RepairSource;
  /** The session that the client serves first, then earlier ones. */
  readonly sessions: readonly KnownSession[];
  readonly part: { readonly channel: number; readonly channels: number };
}

/** Received pieces by which the files of two sessions are found to be the same. */
const MAX_WITNESSES = 16;
const MAX_WITNESS_SECONDS = 30;

/**
 * Whether what was received of an earlier session is what the files of the present one hold at its place: the sender was
 * started again with the same files. Only then do they tell what was lost.
 */
export async function isOfSameFiles(mended: MendedTrack, stretch: TrackStretch, ask: SessionAsk): Promise<boolean> {
  const [served, ...earlier] = ask.sessions;
  const known = earlier.find(({ session }) => session === stretch.session);
  if (!known || !isAlike(known.flows, served!.flows)) return false;
  const most = mended.track.sampleRate * MAX_WITNESS_SECONDS;
  const pieces = receivedIn(mended, stretch)
    .toSorted((one, other) => other[1] - one[1])
    .slice(0, MAX_WITNESSES);
  for (const [start, length] of pieces) {
    const frames = Math.min(length, most);
    const sent = await accountOf({ ...stretch, start, end: start + frames }, ask);
    if (sent?.sha256 !== (await mended.file.account({ start, frames })).sha256) return false;
  }
  return pieces.length > 0;
}

/** What is known to have come, between the gaps. */
function receivedIn({ gaps }: MendedTrack, { start, end }: TrackStretch): FrameRange[] {
  const pieces: FrameRange[] = [];
  let at = start;
  for (const [from, frames] of gaps.entries()) {
    if (from >= end) break;
    if (from > at) pieces.push([at, from - at]);
    at = Math.max(at, from + frames);
  }
  if (at < end) pieces.push([at, end - at]);
  return pieces;
}

async function accountOf(
  { flow, start, end, shift }: TrackStretch,
  { client, part }: SessionAsk,
): Promise<RangeAccount | undefined> {
  try {
    return await client.account({ flow, ...part, start: start + shift, frames: end - start }, start);
  } catch (error) {
    if (error instanceof RepairRefused) return undefined;
    throw error;
  }
}

/** The proof of a stretch, and what in it differs from what its own sender says. */
export async function proveSessionStretch(
  mended: MendedTrack,
  stretch: TrackStretch,
  ask: SessionAsk,
): Promise<{ readonly proof: SessionStretch; readonly differences: readonly FrameRange[] }> {
  const { start, end, session, shift } = stretch;
  const recorded = await mended.file.account({ start, frames: end - start });
  const isOwn = session === ask.sessions[0]!.session;
  const canAsk = isOwn || (await isOfSameFiles(mended, stretch, ask));
  const sent = canAsk ? await accountOf(stretch, ask) : undefined;
  const isIdentical = sent?.sha256 === recorded.sha256;
  const known = session === undefined ? {} : { session, sessionStart: start + shift };
  const proof: SessionStretch = {
    ...known,
    start,
    frames: end - start,
    ...(sent && (isOwn || isIdentical) ? { sentSha256: sent.sha256 } : {}),
    recordedSha256: recorded.sha256,
    offsetFrames: isIdentical ? 0 : null,
    words: wordsOf({ isOwn, isIdentical, isKnown: session !== undefined, isAnswered: sent !== undefined }),
  };
  return { proof, differences: isOwn && sent ? comparePcm(sent, recorded, mended.gaps).differences : [] };
}

function wordsOf(facts: { isOwn: boolean; isIdentical: boolean; isKnown: boolean; isAnswered: boolean }): string {
  const { isOwn, isIdentical, isKnown, isAnswered } = facts;
  if (isIdentical) return isOwn ? 'identical' : 'identical, by the files of the session after it';
  if (!isKnown) return 'nobody says what was sent';
  if (!isAnswered) return 'its sender is gone, and the one after it does not have the same sound so far';
  return isOwn ? 'not identical' : 'its sender is gone, and something is missing that the one after it cannot give';
}

/** Proofs of before that still hold: another sender may not know that session. */
export function keepProven(track: TakeTrack, proofs: readonly SessionStretch[]): SessionStretch[] {
  return proofs.map((proof) => {
    if (proof.offsetFrames === 0) return proof;
    const before = track.sessions?.find(({ start }) => start === proof.start);
    const isSame = before?.recordedSha256 === proof.recordedSha256 && before.frames === proof.frames;
    return isSame && before.offsetFrames === 0 ? before : proof;
  });
}
