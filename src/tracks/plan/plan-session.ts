/**
 * What a session will put on the network, worked out before it begins.
 * @module
 */
import { DistreamError } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { SHORT_FEC_BYTES } from '../../protocols/rtp/ulpfec.ts';
import { type Encoding, encodingBytes } from '../types.ts';
import { additionsOf, megabitsPerSecondOf, packetsPerSecondOf } from './additions.ts';
import { arrangeFlows } from './arrange-flows.ts';
import { latencyOf } from './latency.ts';
import { namesOf } from './names.ts';
import { refusePackets, refuseShape, refuseTracks } from './refusals.ts';
import type { PlanRequest, PlanTrack } from './request.ts';
import type { PacketPlan, PlanAddition, PlannedFlow, PlannedTrack } from './schema.ts';

const DEFAULT_MAX_PACKETS_PER_SECOND = 80_000;
/** With more of them one core of the machine where it was measured was late, of the sender or of a recorder. */
const MEASURED_PACKETS_PER_SECOND = 48_000;

/**
 * Makes the plan. It is complete where it can be, also when `refusals` say that it cannot be sent; see `requireSendable`.
 */
export function planSession(request: PlanRequest): PacketPlan {
  const { tracks, layout = 'track', ptimeUs = 1000, mtuBytes = 1500, ipVersion = 4 } = request;
  const { mixed = false, float = false, convert = false } = request;
  const { maxPacketsPerSecond = DEFAULT_MAX_PACKETS_PER_SECOND, redundancy = 'none', networks = 1 } = request;
  const senseless = refuseShape(tracks, { layout, ptimeUs });
  const planned = senseless.length > 0 ? [] : tracks.map((track) => planTrack(track, request.encoding));
  const flows = arrangeFlows(planned, { layout, ptimeUs, ipVersion });
  const additions = additionsOf(flows, { redundancy, networks, ipVersion });
  const total = totalOf(flows, additions);
  const fecBytes = redundancy === 'xor' || redundancy === 'auto' ? SHORT_FEC_BYTES : 0;
  const refusals = [
    ...senseless,
    ...refuseTracks(tracks, planned, { mixed, float, convert }),
    ...refusePackets(flows, { ptimeUs, mtuBytes: mtuBytes - fecBytes, ipVersion, maxPacketsPerSecond, ...total }),
  ];
  return {
    ptimeUs,
    ipVersion,
    tracks: planned,
    flows,
    additions,
    total,
    latency: latencyOf(flows, request.latency ?? {}),
    notes: [...notesOf(tracks, planned, flows), ...rateNotes(total.packetsPerSecond)],
    refusals,
  };
}

/** Throws DistreamError PLAN_REFUSED with the first refusal of a plan that cannot be sent. */
export function requireSendable({ refusals }: PacketPlan): void {
  const [first] = refusals;
  if (first) throw new DistreamError('PLAN_REFUSED', { reason: first.reason, hint: first.remedy });
}

function planTrack(track: PlanTrack, wanted: Encoding | undefined): PlannedTrack {
  const { sampleRate, channels, bitsPerSample } = track.format;
  const encoding = wanted ?? (bitsPerSample === 16 ? 'L16' : 'L24');
  return {
    name: cleanText(track.name, 256),
    sampleRate,
    channels,
    encoding,
    conversion: conversionOf(track, encoding),
  };
}

function conversionOf({ format, validBits }: PlanTrack, encoding: Encoding): PlannedTrack['conversion'] {
  const bits = encodingBytes(encoding) * 8;
  if (format.isFloat) return 'rounded';
  if (format.bitsPerSample === bits) return 'none';
  if (format.bitsPerSample < bits) return 'exact';
  // What is beyond the valid bits is zero by the file's own word.
  return (validBits ?? format.bitsPerSample) <= bits ? 'exact' : 'rounded';
}

function totalOf(flows: readonly PlannedFlow[], additions: readonly PlanAddition[]): PacketPlan['total'] {
  return {
    channels: flows.reduce((sum, { channels }) => sum + channels, 0),
    packetsPerSecond: packetsPerSecondOf(flows) + packetsPerSecondOf(additions),
    megabitsPerSecond: megabitsPerSecondOf(flows) + megabitsPerSecondOf(additions),
  };
}

function notesOf(
  tracks: readonly PlanTrack[],
  planned: readonly PlannedTrack[],
  flows: readonly PlannedFlow[],
): string[] {
  const longest = Math.max(0, ...tracks.map(secondsOf));
  const divided = dividedTracks(flows);
  const groups = [
    ['rounded, so what arrives is not identical', planned.filter(({ conversion }) => conversion === 'rounded')],
    ['sent in another width, with the same values', planned.filter(({ conversion }) => conversion === 'exact')],
    ['followed by silence', tracks.filter((track) => track.frames !== undefined && secondsOf(track) < longest)],
    ['divided among several flows', planned.filter((_, index) => divided.has(index))],
  ] as const;
  return groups.filter(([, group]) => group.length > 0).map(([text, group]) => `${text}: ${namesOf(group)}`);
}

function rateNotes(packetsPerSecond: number): string[] {
  if (packetsPerSecond <= MEASURED_PACKETS_PER_SECOND) return [];
  const rate = `${Math.round(packetsPerSecond)} packets a second`;
  const known = `${MEASURED_PACKETS_PER_SECOND} are the most that one core sent, and one recorded, in time where it was measured`;
  return [`${rate}: ${known}; --layout 8 or a longer --ptime needs fewer`];
}

function secondsOf({ frames, format }: PlanTrack): number {
  return frames === undefined ? 0 : frames / format.sampleRate;
}

/** The tracks that are in more than one flow. */
function dividedTracks(flows: readonly PlannedFlow[]): ReadonlySet<number> {
  const divided = new Set<number>();
  for (const { sources } of flows) {
    for (const { track, firstChannel } of sources) if (firstChannel > 0) divided.add(track);
  }
  return divided;
}
