import { comparePcm, type FrameRange, type PcmComparison } from './compare-pcm.ts';
import { GAP_CAUSES, GapList } from './gap-list.ts';
import type { PcmAccount } from './pcm-hasher.ts';
import { framesText, timeText } from './position-text.ts';
import type { Take, TakeTrack, TrackVerdict } from './take-schema.ts';

const SHOWN_CAUSES = 3;
const PARTS_MISSING = 'not all channels of its flow are there, in the same length';

/**
 * The account of a recorder with that of the sender put in, every track compared, and the verdict in words. Tracks
 * belong together by their names; a track that was sent and not recorded is added. Channels that were recorded in files
 * of their own are proven together, by the hashes of their flow.
 * @param sent undefined: nothing is known of what was sent, so nothing can be proven
 */
export function proveTake(recorded: Take, sent: Take | undefined): Take {
  const byName = new Map(sent?.tracks.map((track) => [track.name, track]));
  const names = new Set(recorded.tracks.flatMap(({ name, flow }) => (flow ? [name, flow.name] : [name])));
  const missing = (sent?.tracks ?? []).filter(({ name }) => !names.has(name)).map(missingTrack);
  const tracks = [...recorded.tracks.map((track) => proveTrack(track, byName)), ...missing];
  const clocks = { ...recorded.clocks, ...(sent?.clocks.sender ? { sender: sent.clocks.sender } : {}) };
  return { ...recorded, clocks, tracks, verdict: takeVerdict(tracks) };
}

/**
 * A track compared with hashes of exactly what was sent in its time, as a sender answers them for a stretch.
 * @param outside sample frames that were sent before the recording began and after it ended
 */
export function proveStretch(
  track: TakeTrack,
  sent: PcmAccount,
  outside: { readonly before: number; readonly after: number },
): TakeTrack {
  if (!track.recorded) return withFailure({ ...track, verdict: unproven(track) });
  const comparison = comparePcm(sent, track.recorded, GapList.of(track.gaps));
  const merged = { ...track, sent: mutable(sent), offsetFrames: comparison.offsetFrames };
  const isExcerpt = comparison.isIdentical && outside.before + outside.after > 0;
  const verdict = isExcerpt ? excerptVerdict(track, outside) : verdictOf(merged, comparison);
  return withFailure({ ...merged, verdict });
}

function excerptVerdict(
  { sampleRate }: TakeTrack,
  { before, after }: { readonly before: number; readonly after: number },
): TrackVerdict {
  const missing = [
    ...(before > 0 ? [`${framesText(before, sampleRate)} were sent before it began`] : []),
    ...(after > 0 ? [`${framesText(after, sampleRate)} were sent after its end`] : []),
  ];
  return { kind: 'excerpt', words: `identical to what was sent meanwhile, sample for sample; ${missing.join(', ')}` };
}

function mutable(account: PcmAccount): NonNullable<TakeTrack['sent']> {
  return { ...account, blocks: { ...account.blocks, digests: [...account.blocks.digests] } };
}

function missingTrack(track: TakeTrack): TakeTrack {
  const verdict: TrackVerdict = { kind: 'missing', words: 'was sent and not recorded' };
  return { ...track, gaps: [], gapsAreExact: true, offsetFrames: null, verdict };
}

function proveTrack(track: TakeTrack, sentTracks: ReadonlyMap<string, TakeTrack>): TakeTrack {
  // A repair has had it compared by the sender itself, in exactly its time.
  if ((track.sent || track.sessions) && (track.verdict.kind === 'identical' || track.verdict.kind === 'excerpt'))
    return track;
  const sent = sentTracks.get(track.name);
  const sentFlow = track.flow && sentTracks.get(track.flow.name);
  if (!sent && sentFlow) return withFailure(comparedFlow(track, sentFlow));
  return withFailure(comparedTrack(track, sent));
}

function comparedFlow(track: TakeTrack, sent: TakeTrack): TakeTrack {
  const flow = { ...track.flow!, ...(sent.sent ? { sent: sent.sent } : {}) };
  if (!flow.recorded) return { ...track, flow, offsetFrames: null, verdict: unproven(track, PARTS_MISSING) };
  // As if all channels were one file; what is said of it holds for each of them.
  const { channels, recorded } = flow;
  const whole = comparedTrack({ ...track, channels, recorded }, sent);
  const words =
    whole.verdict.kind === 'identical'
      ? `${whole.verdict.words}, with all channels of ${flow.name}`
      : whole.verdict.words;
  return {
    ...track,
    flow,
    packets: whole.packets,
    offsetFrames: whole.offsetFrames,
    verdict: { ...whole.verdict, words },
  };
}

function comparedTrack(track: TakeTrack, sent: TakeTrack | undefined): TakeTrack {
  if (!sent?.sent || !track.recorded) return { ...track, offsetFrames: null, verdict: unproven(track) };
  const packets = { ...track.packets, ...(sent.packets.sent === undefined ? {} : { sent: sent.packets.sent }) };
  const merged = { ...track, packets, sent: sent.sent };
  const isSameFormat =
    sent.encoding === track.encoding && sent.sampleRate === track.sampleRate && sent.channels === track.channels;
  if (!isSameFormat) {
    const words = `differs: sent as ${formatOf(sent)}, recorded as ${formatOf(track)}`;
    return { ...merged, offsetFrames: null, verdict: { kind: 'differs', words } };
  }
  const comparison = comparePcm(sent.sent, track.recorded, GapList.of(track.gaps));
  if (!comparison.isIdentical && isOfSeveralSenders(track)) {
    const words = `the sender was started again while it was recorded, and its account tells of one session only`;
    return { ...track, offsetFrames: null, verdict: unproven(track, words) };
  }
  return { ...merged, offsetFrames: comparison.offsetFrames, verdict: verdictOf(merged, comparison) };
}

function isOfSeveralSenders({ runs = [] }: TakeTrack): boolean {
  return new Set(runs.map(({ ssrc }) => ssrc)).size > 1;
}

// Why the file of a track that is not all there has ended.
function withFailure(track: TakeTrack): TakeTrack {
  const { failure, verdict } = track;
  if (failure === undefined || verdict.kind === 'identical') return track;
  return { ...track, verdict: { ...verdict, words: `${verdict.words}; its file failed: ${failure}` } };
}

function formatOf({ encoding, sampleRate, channels }: TakeTrack): string {
  return `${encoding}/${sampleRate}/${channels}`;
}

function unproven(track: TakeTrack, why?: string): TrackVerdict {
  const words =
    why ?? (track.recorded ? 'the sender left no account of it' : 'there is no account of what was recorded');
  const gaps = track.gaps.length > 0 ? `; ${gapWords(track)}` : '';
  return { kind: 'unproven', words: `not proven: ${words}${gaps}` };
}

function verdictOf(track: TakeTrack, comparison: PcmComparison): TrackVerdict {
  const { sampleRate } = track;
  const [difference] = comparison.differences;
  // Silence that both sides wrote alike, such as after a track's end, is no fault of the recording.
  if (comparison.isIdentical) {
    return {
      kind: 'identical',
      words: `identical: ${framesText(comparison.equalFrames, sampleRate)}, sample for sample`,
    };
  }
  if (comparison.offsetFrames !== null && comparison.offsetFrames !== 0) {
    const words = `identical, but ${framesText(Math.abs(comparison.offsetFrames), sampleRate)} too ${comparison.offsetFrames > 0 ? 'late' : 'early'}`;
    return { kind: 'shifted', words };
  }
  if (difference) return { kind: 'differs', words: `differs: ${differenceWords(comparison.differences, sampleRate)}` };
  if (track.gaps.length > 0) return { kind: 'gaps', words: `${gapWords(track)}; ${elsewhere(comparison, sampleRate)}` };
  if (comparison.equalFrames === 0) {
    return { kind: 'unproven', words: 'not proven: no whole block of what was sent was recorded' };
  }
  return { kind: 'part', words: `a part of what was sent; ${elsewhere(comparison, sampleRate)}` };
}

function elsewhere({ equalFrames }: PcmComparison, sampleRate: number): string {
  return equalFrames > 0 ? `${framesText(equalFrames, sampleRate)} proven identical` : 'nothing else can be proven';
}

function differenceWords(differences: readonly FrameRange[], sampleRate: number): string {
  const [start, frames] = differences[0]!;
  const more = differences.length > 1 ? `, and in ${differences.length - 1} other places` : '';
  return `between ${timeText(start, sampleRate)} and ${timeText(start + frames, sampleRate)}${more}, where nothing is known to be missing`;
}

/** How much is missing, since when, and why. */
function gapWords({ gaps, gapsAreExact, sampleRate }: TakeTrack): string {
  const frames = gaps.reduce((sum, [, length]) => sum + length, 0);
  const causes = [...new Set(gaps.map(([, , cause]) => GAP_CAUSES[cause]))];
  const why = causes.slice(0, SHOWN_CAUSES).join(', ') + (causes.length > SHOWN_CAUSES ? ' and more' : '');
  const count = gaps.length === 1 ? '1 gap' : `${gaps.length} gaps`;
  const most = gapsAreExact ? '' : 'at most ';
  return `${count}, ${most}${framesText(frames, sampleRate)} missing (${why}), first at ${timeText(gaps[0]![0], sampleRate)}`;
}

/** The verdict on a take, from those on its tracks. */
export function takeVerdict(tracks: readonly TakeTrack[]): Take['verdict'] {
  const wrong = tracks.filter(({ verdict }) => verdict.kind !== 'identical');
  if (tracks.length === 0) return { isIdentical: false, words: 'There are no tracks.' };
  if (wrong.length === 0) {
    const words = tracks.length === 1 ? 'The track is' : `All ${tracks.length} tracks are`;
    return { isIdentical: true, words: `${words} identical to what was sent, sample for sample.` };
  }
  if (wrong.every(({ verdict }) => verdict.kind === 'excerpt')) {
    const words = tracks.length === 1 ? 'The track is' : `All ${tracks.length} tracks are`;
    const why = wrong.some(({ sessions = [] }) => sessions.length > 1)
      ? 'the sender was started again, and each of its sessions is proven for its time'
      : 'the take is a part of it';
    return { isIdentical: false, words: `${words} identical to what was sent meanwhile; ${why}.` };
  }
  if (wrong.every(({ verdict }) => verdict.kind === 'unproven')) {
    return { isIdentical: false, words: 'Nothing is proven: there is no account of the sender to compare with.' };
  }
  return {
    isIdentical: false,
    words: `${wrong.length} of ${tracks.length} tracks are not identical to what was sent.`,
  };
}
