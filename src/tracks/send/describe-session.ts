import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { ntpOfUtcMs } from '../../protocols/ntp/timestamp.ts';
import { type RepairOffer, withRepairOffer } from '../../protocols/repair/offer.ts';
import type { ReferenceClock } from '../../protocols/sdp/clock-signalling.ts';
import { type ProfileName, SDP_PROFILES } from '../../protocols/sdp/profiles.ts';
import type { Redundancy } from '../../protocols/sdp/redundancy.ts';
import { type FlowOffer, offerProblems, type SessionOffer, writeSdp } from '../../protocols/sdp/write.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';
import { type RedundancyMode, redundancyDelayMs } from '../plan/redundancy-measure.ts';
import type { PacketPlan, PlannedFlow } from '../plan/schema.ts';
import { redundancyDestination } from './destinations.ts';

/** The payload type of all flows: dynamic, and what AES67 devices commonly use. */
export const PAYLOAD_TYPE = 98;
/** Of parity packets. */
export const FEC_PAYLOAD_TYPE = 99;
const MAX_FLOWS_OF_A_FILE = 100;
const MAX_TITLE = 96;

/** What descriptions are made of. */
export interface DescribedSession {
  readonly name: string;
  readonly plan: PacketPlan;
  /** Of each flow, one in each network. */
  readonly destinations: readonly (readonly PaceDestination[])[];
  /** Our address in each network. */
  readonly originAddresses: readonly string[];
  /** What every flow has on a second port. */
  readonly redundancy?: { readonly mode: RedundancyMode } | undefined;
  /** Where what was lost is served. */
  readonly repair?: RepairOffer | undefined;
  readonly profile: ProfileName;
  readonly referenceClock: ReferenceClock;
  /** What `mediaclk:direct` says. */
  readonly mediaClockOffset: number;
  readonly startUtcMs: number;
}

/** The descriptions of a session. */
export interface SessionDescriptions {
  /** One for each flow, named `NAME: FLOW`, with all its networks; these are announced. */
  readonly flows: readonly { readonly title: string; readonly sdp: string }[];
  /** With two networks, one for each flow and network: for receivers that take one stream only. */
  readonly single: readonly { readonly title: string; readonly sdp: string }[];
  /** All flows together, where the profile has that. */
  readonly session: string | undefined;
}

/** What a flow carries, in words: its tracks' names. */
export function flowTitle(flow: PlannedFlow, plan: PacketPlan): string {
  const names = flow.sources.map(({ track, firstChannel, channels }) => {
    const { name, channels: all } = plan.tracks[track]!;
    if (channels === all) return name;
    const from = firstChannel + 1;
    return `${name} ${channels === 1 ? from : `${from}-${from + channels - 1}`}`;
  });
  const text = names.join(', ');
  return text.length <= MAX_TITLE ? text : `${text.slice(0, MAX_TITLE)}...`;
}

/** Writes the descriptions of a session's flows. */
export function describeSession(session: DescribedSession): SessionDescriptions {
  const profile = SDP_PROFILES[session.profile];
  const offers = flowOffers(session);
  const networks = session.originAddresses.length;
  const id = ntpOfUtcMs(session.startUtcMs);
  let described = 0n;
  const describe = (name: string, flows: readonly (readonly FlowOffer[])[], network = 0) => {
    const sessionId = String(id + described++);
    const duplicates = flows.filter((each) => each.length > 1).map((each) => each.map(({ mid }) => mid!));
    const originAddress = session.originAddresses[network]!;
    const offer = { sessionId, originAddress, name, flows: flows.flat(), duplicates };
    const sdp = writeSdp(offer, profile, String(id >> 32n));
    return session.repair ? withRepairOffer(sdp, session.repair) : sdp;
  };
  const isTogether = profile.allowsSeveralFlows && offers.length * networks <= MAX_FLOWS_OF_A_FILE;
  const nameOf = (title: string) => `${session.name}: ${title}`;
  return {
    session: isTogether ? describe(session.name, offers) : undefined,
    flows: offers.map((flow) => ({ title: flow[0]!.title!, sdp: describe(nameOf(flow[0]!.title!), [flow]) })),
    single: offers.flatMap((flow) =>
      flow.flatMap(({ mid, ...offer }, network) => {
        const title = `${offer.title} (network ${network + 1})`;
        return mid === undefined ? [] : [{ title, sdp: describe(nameOf(title), [[offer]], network) }];
      }),
    ),
  };
}

/**
 * What the profile's receivers will not take: `refusals` that another plan could mend, and `notes`: that we have no PTP.
 * Each a sentence.
 */
export function profileVerdict(session: DescribedSession): { refusals: string[]; notes: string[] } {
  const problemsWith = (referenceClock: ReferenceClock) =>
    flowOffers({ ...session, referenceClock })
      .flat()
      .flatMap((flow) => {
        const offer: SessionOffer = { sessionId: '0', originAddress: '', name: '', flows: [flow] };
        return offerProblems(offer, SDP_PROFILES[session.profile]);
      });
  const refusals = [...new Set(problemsWith({ kind: 'ptp', version: 'IEEE1588-2008' }))];
  const notes = [...new Set(problemsWith(session.referenceClock))].filter((text) => !refusals.includes(text));
  return { refusals, notes };
}

/**
 * Writes the descriptions into a folder, which is made when it is missing: `01 TITLE.sdp` and `session.sdp`, and with
 * two networks `01 TITLE (network 1).sdp`.
 * @throws DistreamError RECORDING_FAILED
 */
export async function writeDescriptions(folder: string, descriptions: SessionDescriptions): Promise<string[]> {
  const { flows, single, session } = descriptions;
  const digits = Math.max(2, String(flows.length).length);
  const numbered = (each: SessionDescriptions['flows']) =>
    each.map(({ title, sdp }, index) => {
      const number = String(1 + Math.floor((index * flows.length) / each.length)).padStart(digits, '0');
      return { name: `${number} ${fileNameOf(title)}.sdp`, sdp };
    });
  const files = [...numbered(flows), ...numbered(single)];
  if (session !== undefined) files.push({ name: 'session.sdp', sdp: session });
  try {
    await mkdir(folder, { recursive: true });
    await Promise.all(files.map(({ name, sdp }) => writeFile(join(folder, name), sdp)));
  } catch (error) {
    throw new DistreamError('RECORDING_FAILED', { path: folder, reason: reasonOf(error) }, { cause: error });
  }
  return files.map(({ name }) => join(folder, name));
}

function fileNameOf(title: string): string {
  return (
    title
      .replace(/[^\p{L}\p{N} ._+()-]/gu, '_')
      .slice(0, 80)
      .trim() || 'flow'
  );
}

/** Of each flow, an offer for each network. */
function flowOffers(session: DescribedSession): FlowOffer[][] {
  return session.plan.flows.map((flow, index) =>
    session.destinations[index]!.map((destination, network, all) => ({
      ...flowOffer(session, flow, destination),
      ...(all.length > 1 ? { mid: `${index + 1}${'ab'[network]}` } : {}),
    })),
  );
}

function flowOffer(session: DescribedSession, flow: PlannedFlow, destination: PaceDestination): FlowOffer {
  const { plan, redundancy, referenceClock, mediaClockOffset } = session;
  const { address, port, multicast } = destination;
  const { encoding, sampleRate, channels, framesPerPacket } = flow;
  return {
    title: flowTitle(flow, plan),
    address,
    ...(multicast ? { ttl: multicast.ttl } : {}),
    port,
    payloadType: PAYLOAD_TYPE,
    encoding,
    sampleRate,
    channels,
    framesPerPacket,
    timestampOffset: mediaClockOffset,
    referenceClock,
    ...(redundancy ? { redundancy: offeredRedundancy(redundancy.mode, { flow, plan, destination }) } : {}),
  };
}

function offeredRedundancy(
  mode: RedundancyMode,
  { flow, plan, destination }: { flow: PlannedFlow; plan: PacketPlan; destination: PaceDestination },
): Redundancy {
  return {
    port: redundancyDestination(destination, plan.flows.length).port,
    fecPayloadType: FEC_PAYLOAD_TYPE,
    delayMs: redundancyDelayMs(mode, flow.packetTimeUs / 1000),
  };
}
