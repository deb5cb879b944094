import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { ntpOfUtcMs } from '../../protocols/ntp/timestamp.ts';
import type { ReferenceClock } from '../../protocols/sdp/clock-signalling.ts';
import { type ProfileName, SDP_PROFILES } from '../../protocols/sdp/profiles.ts';
import { type FlowOffer, offerProblems, type SessionOffer, writeSdp } from '../../protocols/sdp/write.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';
import type { PacketPlan, PlannedFlow } from '../plan/schema.ts';

/** The payload type of all flows: dynamic, and what AES67 devices commonly use. */
export const PAYLOAD_TYPE = 98;
const MAX_FLOWS_OF_A_FILE = 100;
const MAX_TITLE = 96;

/** What descriptions are made of. */
export interface DescribedSession {
  readonly name: string;
  readonly plan: PacketPlan;
  readonly destinations: readonly PaceDestination[];
  /** Our address. */
  readonly originAddress: string;
  readonly profile: ProfileName;
  readonly referenceClock: ReferenceClock;
  /** What `mediaclk:direct` says. */
  readonly mediaClockOffset: number;
  readonly startUtcMs: number;
}

/** The descriptions of a session. */
export interface SessionDescriptions {
  /** One for each flow, named `NAME: FLOW`; these are announced. */
  readonly flows: readonly { readonly title: string; readonly sdp: string }[];
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
  const id = ntpOfUtcMs(session.startUtcMs);
  const describe = (name: string, flows: readonly FlowOffer[], index: number) => {
    const offer = { sessionId: String(id + BigInt(index)), originAddress: session.originAddress, name, flows };
    return writeSdp(offer, profile, String(id >> 32n));
  };
  const isTogether = profile.allowsSeveralFlows && offers.length <= MAX_FLOWS_OF_A_FILE;
  return {
    flows: offers.map((offer, index) => {
      const title = offer.title!;
      return { title, sdp: describe(`${session.name}: ${title}`, [offer], index + 1) };
    }),
    session: isTogether ? describe(session.name, offers, 0) : undefined,
  };
}

/**
 * What the profile's receivers will not take: `refusals` that another plan could mend, and `notes`: that we have no PTP.
 * Each a sentence.
 */
export function profileVerdict(session: DescribedSession): { refusals: string[]; notes: string[] } {
  const problemsWith = (referenceClock: ReferenceClock) =>
    flowOffers({ ...session, referenceClock }).flatMap((flow) => {
      const offer: SessionOffer = { sessionId: '0', originAddress: session.originAddress, name: '', flows: [flow] };
      return offerProblems(offer, SDP_PROFILES[session.profile]);
    });
  const refusals = [...new Set(problemsWith({ kind: 'ptp', version: 'IEEE1588-2008' }))];
  const notes = [...new Set(problemsWith(session.referenceClock))].filter((text) => !refusals.includes(text));
  return { refusals, notes };
}

/**
 * Writes the descriptions into a folder, which is made when it is missing: `01 TITLE.sdp` and `session.sdp`.
 * @throws DistreamError RECORDING_FAILED
 */
export async function writeDescriptions(folder: string, { flows, session }: SessionDescriptions): Promise<string[]> {
  const digits = String(flows.length).length;
  const files = flows.map(({ title, sdp }, index) => {
    const number = String(index + 1).padStart(Math.max(2, digits), '0');
    return { name: `${number} ${fileNameOf(title)}.sdp`, sdp };
  });
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
      .replace(/[^\p{L}\p{N} ._+-]/gu, '_')
      .slice(0, 80)
      .trim() || 'flow'
  );
}

function flowOffers({ plan, destinations, referenceClock, mediaClockOffset }: DescribedSession): FlowOffer[] {
  return plan.flows.map((flow, index) => {
    const { address, port, multicast } = destinations[index]!;
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
    };
  });
}
