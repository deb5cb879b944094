/**
 * Why a session cannot begin as it was asked for, and what would.
 * @module
 */
import { encodingBytes } from '../types.ts';
import { MAX_FLOW_CHANNELS } from './arrange-flows.ts';
import { namesOf } from './names.ts';
import { framesPerPacketOf, maxPayloadBytes, PTIME_RANGE_US, USUAL_PTIMES_US } from './packet-size.ts';
import type { FlowLayout, PlanTrack } from './request.ts';
import type { PlannedFlow, PlannedTrack, PlanRefusal } from './schema.ts';

const MAX_TRACKS = 1024;
const MAX_CHANNELS = 4096;

/** What makes flows senseless to plan: no tracks or too many, a layout or packet time that is none. */
export function refuseShape(
  tracks: readonly PlanTrack[],
  { layout, ptimeUs }: { layout: FlowLayout; ptimeUs: number },
): PlanRefusal[] {
  const refusals: PlanRefusal[] = [];
  const channels = tracks.reduce((sum, { format }) => sum + format.channels, 0);
  if (tracks.length === 0) {
    refusals.push({ code: 'tracks', reason: 'there are no tracks', remedy: 'Name WAV files, or a folder of them.' });
  }
  if (tracks.length > MAX_TRACKS || channels > MAX_CHANNELS) {
    const reason = `${tracks.length} tracks with ${channels} channels are more than ${MAX_TRACKS} with ${MAX_CHANNELS}`;
    refusals.push({ code: 'tracks', reason, remedy: 'Send them in several sessions.' });
  }
  if (typeof layout === 'number' && !(Number.isInteger(layout) && layout >= 1 && layout <= MAX_FLOW_CHANNELS)) {
    const reason = `a flow of ${layout} channels is not possible`;
    refusals.push({ code: 'layout', reason, remedy: `Use --layout mono, track or 2 to ${MAX_FLOW_CHANNELS}.` });
  }
  if (!(ptimeUs >= PTIME_RANGE_US.min && ptimeUs <= PTIME_RANGE_US.max)) {
    const reason = `a packet time of ${ptimeUs} us is not possible`;
    refusals.push({ code: 'ptime', reason, remedy: 'Use --ptime with 125us to 10ms; 1ms suits most receivers.' });
  }
  return refusals;
}

/** Tracks that would not arrive as they are. */
export function refuseTracks(
  tracks: readonly PlanTrack[],
  planned: readonly PlannedTrack[],
  allowed: { mixed: boolean; float: boolean; convert: boolean },
): PlanRefusal[] {
  const refusals: PlanRefusal[] = [];
  const rates = [...new Set(tracks.map(({ format }) => format.sampleRate))];
  if (rates.length > 1 && !allowed.mixed) {
    const reason = `the tracks have different sample rates: ${rates.slice(0, 6).join(', ')} Hz`;
    refusals.push({ code: 'rates', reason, remedy: 'Use --mixed to send each rate in flows of its own, or one rate.' });
  }
  const rounded = tracks.filter((_, index) => planned[index]?.conversion === 'rounded');
  const floats = rounded.filter(({ format }) => format.isFloat);
  const integers = rounded.filter(({ format }) => !format.isFloat);
  if (floats.length > 0 && !allowed.float) {
    const reason = `${namesOf(floats)}: 32-bit float cannot go as linear PCM without rounding`;
    refusals.push({ code: 'float', reason, remedy: 'Use --float to round it, or make 24-bit files.' });
  }
  if (integers.length > 0 && !allowed.convert) {
    const reason = `${namesOf(integers)}: the samples have more bits than go on the wire`;
    refusals.push({
      code: 'convert',
      reason,
      remedy: 'Use --convert to drop the lowest bits, or make 24-bit files.',
    });
  }
  return refusals;
}

/** Packets that would be cut up on their way, or more of them than can leave in time. */
export function refusePackets(
  flows: readonly PlannedFlow[],
  limits: {
    ptimeUs: number;
    mtuBytes: number;
    ipVersion: 4 | 6;
    maxPacketsPerSecond: number;
    /** What would be sent in all. */
    packetsPerSecond: number;
  },
): PlanRefusal[] {
  const refusals: PlanRefusal[] = [];
  const most = maxPayloadBytes(limits.mtuBytes, limits.ipVersion);
  const largest = flows.reduce<PlannedFlow | undefined>(
    (worst, flow) => (flow.payloadBytes > Math.max(most, worst?.payloadBytes ?? 0) ? flow : worst),
    undefined,
  );
  if (largest) {
    const { channels, encoding, payloadBytes } = largest;
    const reason = `a packet of ${channels} x ${encoding} would hold ${payloadBytes} bytes, more than the ${most} that go through uncut`;
    refusals.push({ code: 'payload', reason, remedy: smallerPackets(largest, limits.ptimeUs, most) });
  }
  const perSecond = limits.packetsPerSecond;
  if (perSecond > limits.maxPacketsPerSecond) {
    const reason = `${Math.round(perSecond)} packets a second are more than the ${limits.maxPacketsPerSecond} that one machine paces`;
    const remedy = 'Use --layout 8 to put eight channels into each flow, a longer --ptime, or several machines.';
    refusals.push({ code: 'packet-rate', reason, remedy });
  }
  return refusals;
}

/** The longest usual packet time that fits, and the most channels that fit as it is. */
function smallerPackets({ sampleRate, channels, encoding }: PlannedFlow, ptimeUs: number, most: number): string {
  const sampleBytes = encodingBytes(encoding);
  const shorter = USUAL_PTIMES_US.filter(
    (us) => us < ptimeUs && framesPerPacketOf(sampleRate, us) * channels * sampleBytes <= most,
  ).at(-1);
  const fewer = Math.floor(most / (framesPerPacketOf(sampleRate, ptimeUs) * sampleBytes));
  const remedies = [
    ...(shorter === undefined ? [] : [`--ptime ${shorter >= 1000 ? `${shorter / 1000}ms` : `${shorter}us`}`]),
    ...(fewer >= 1 ? [`--layout ${fewer === 1 ? 'mono' : fewer}`] : []),
  ];
  return remedies.length > 0 ? `Use ${remedies.join(' or ')}.` : 'Use a network with larger packets.';
}
