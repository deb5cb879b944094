import { cleanText } from '../../core/text.ts';
import { type ReferenceClock, referenceClockText } from './clock-signalling.ts';
import type { PcmEncoding } from './flows.ts';
import { addressKind } from './ip-address.ts';
import { profileProblems, type SdpProfile } from './profiles.ts';
import { REDUNDANCY_ATTRIBUTE, type Redundancy, redundancyText } from './redundancy.ts';

const DEFAULT_TTL = 32;
/** Names in a description: Dante Controller and players show about this much. */
const MAX_NAME = 128;

/** One stream that we send. */
export interface FlowOffer {
  /** `i=`: what it carries, such as `2 channels: Left, Right`. */
  readonly title?: string;
  /** Where it goes: a multicast group, or the receiver of a unicast stream. */
  readonly address: string;
  /** Of multicast; default 32. */
  readonly ttl?: number;
  readonly port: number;
  readonly payloadType: number;
  readonly encoding: PcmEncoding;
  readonly sampleRate: number;
  readonly channels: number;
  readonly framesPerPacket: number;
  /** The timestamp of the reference clock's epoch, or of the session's start when it follows none. */
  readonly timestampOffset: number;
  readonly referenceClock: ReferenceClock;
  /** Where it comes from, when receivers are to filter by it; left out of profiles whose receivers cannot. */
  readonly sourceAddress?: string;
  readonly isRtcpMux?: boolean;
  /** Only when it is neither the same nor the next port. */
  readonly rtcpPort?: number;
  /** Where duplicates and parity go. */
  readonly redundancy?: Redundancy;
  /** Names the stream within its session; needed for `duplicates`. */
  readonly mid?: string;
}

/** A session that we announce. */
export interface SessionOffer {
  /** Digits; the same for as long as the session is the same. */
  readonly sessionId: string;
  /** Our address. */
  readonly originAddress: string;
  readonly name: string;
  readonly information?: string;
  readonly flows: readonly FlowOffer[];
  /** Sets of `mid` that carry the same sound over several networks (RFC 7104). */
  readonly duplicates?: readonly (readonly string[])[];
}

/**
 * Writes a session description for streams of linear PCM (RFC 8866, 7273, 4570, 7104; AES67). Texts are made fit for a
 * line. Nothing is checked: see `offerProblems`.
 * @param sessionVersion digits; has to rise with every change, see `reviseSdp`
 */
export function writeSdp(offer: SessionOffer, profile: SdpProfile, sessionVersion: string): string {
  const lines = [
    'v=0',
    `o=- ${offer.sessionId} ${sessionVersion} IN ${family(offer.originAddress)} ${offer.originAddress}`,
    `s=${cleanText(offer.name, MAX_NAME) || '-'}`,
    ...textLine('i', offer.information),
    ...sharedConnection(offer.flows),
    't=0 0',
    ...(offer.duplicates ?? []).map((mids) => `a=group:DUP ${mids.join(' ')}`),
    ...clockDomain(offer, profile),
    ...offer.flows.flatMap((flow) => flowLines(flow, profile)),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/**
 * Writes a description and gives it the version of `previous` when nothing has changed, else the next one: receivers
 * ignore a change that keeps its version (RFC 8866 5.2).
 * @param previous what was announced before
 * @param firstVersion without a previous one; seconds since 1900 are usual
 */
export function reviseSdp(
  offer: SessionOffer,
  profile: SdpProfile,
  { previous, firstVersion }: { previous?: string; firstVersion: string },
): string {
  const version = previous === undefined ? undefined : /^o=\S+ \d+ (\d{1,30}) /m.exec(previous)?.[1];
  if (version === undefined) return writeSdp(offer, profile, firstVersion);
  const same = writeSdp(offer, profile, version);
  return same === previous ? same : writeSdp(offer, profile, String(BigInt(version) + 1n));
}

/** What receivers of the profile will not take of our streams, each in one sentence; empty when they take all. */
export function offerProblems(offer: SessionOffer, profile: SdpProfile): string[] {
  const problems = offer.flows.flatMap((flow) => {
    const hasPtp = flow.referenceClock.kind === 'ptp';
    return profileProblems({ ...flow, hasPtp, hasSourceFilter: false }, profile);
  });
  if (!profile.allowsSeveralFlows && offer.flows.length > 1) {
    problems.push(`${profile.title} takes one stream in a description, not ${offer.flows.length}.`);
  }
  return [...new Set(problems)];
}

function flowLines(flow: FlowOffer, profile: SdpProfile): string[] {
  const isMulticast = addressKind(flow.address) === 'multicast';
  return [
    `m=audio ${flow.port} RTP/AVP ${flow.payloadType}`,
    ...textLine('i', flow.title),
    connectionLine(flow),
    `a=rtpmap:${flow.payloadType} ${flow.encoding}/${flow.sampleRate}/${flow.channels}`,
    `a=ptime:${ptimeText(flow.framesPerPacket, flow.sampleRate)}`,
    ...(profile.hasRavennaLines ? [`a=framecount:${flow.framesPerPacket}`, 'a=sync-time:0'] : []),
    ...(flow.sourceAddress !== undefined && isMulticast && !profile.forbidsSourceFilter
      ? [`a=source-filter: incl IN ${family(flow.address)} ${flow.address} ${flow.sourceAddress}`]
      : []),
    `a=ts-refclk:${referenceClockText(flow.referenceClock)}`,
    `a=mediaclk:direct=${flow.timestampOffset}`,
    ...(flow.isRtcpMux ? ['a=rtcp-mux'] : []),
    ...(flow.rtcpPort !== undefined ? [`a=rtcp:${flow.rtcpPort}`] : []),
    ...(flow.redundancy ? [`a=${REDUNDANCY_ATTRIBUTE}:${redundancyText(flow.redundancy)}`] : []),
    ...(flow.mid !== undefined ? [`a=mid:${flow.mid}`] : []),
    'a=recvonly',
  ];
}

/** Packet time in milliseconds as descriptions write it: `1`, `0.125`, `0.33`, `1.09`. */
export function ptimeText(framesPerPacket: number, sampleRate: number): string {
  const microseconds = (framesPerPacket * 1_000_000) / sampleRate;
  if (Number.isInteger(microseconds)) return String(microseconds / 1000);
  return String(Number((microseconds / 1000).toFixed(2)));
}

function textLine(type: string, text: string | undefined): string[] {
  const clean = text === undefined ? '' : cleanText(text, MAX_NAME);
  return clean === '' ? [] : [`${type}=${clean}`];
}

// Some receivers look for the address at the session; with one address for all it stands there too.
function sharedConnection(flows: readonly FlowOffer[]): string[] {
  const connections = new Set(flows.map(connectionLine));
  return connections.size === 1 ? [...connections] : [];
}

function connectionLine({ address, ttl }: FlowOffer): string {
  const needsTtl = addressKind(address) === 'multicast' && !address.includes(':');
  return `c=IN ${family(address)} ${address}${needsTtl ? `/${ttl ?? DEFAULT_TTL}` : ''}`;
}

function clockDomain(offer: SessionOffer, profile: SdpProfile): string[] {
  const clock = offer.flows[0]?.referenceClock;
  if (!profile.hasRavennaLines || clock?.kind !== 'ptp') return [];
  return [`a=clock-domain:PTPv2 ${clock.domain ?? '0'}`];
}

function family(address: string): string {
  return address.includes(':') ? 'IP6' : 'IP4';
}
