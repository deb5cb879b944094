import { cleanText } from '../../core/text.ts';
import type { ReferenceClock } from './clock-signalling.ts';
import { type AddressKind, addressKind } from './ip-address.ts';
import type { Redundancy } from './redundancy.ts';
import type { MediaDescription, RtpMap, SdpProblem, SessionDescription } from './session.ts';

/** Linear PCM as it goes over the network, big endian (RFC 3551 4.5.11, RFC 3190 4). */
export type PcmEncoding = 'L16' | 'L24';

/** One RTP stream of linear PCM that a description offers. */
export interface AudioFlow {
  /** The line of its `m=`. */
  readonly line: number;
  /** The medium's title, else the session's name, cleaned. */
  readonly title: string;
  readonly address: string;
  readonly addressKind: AddressKind;
  readonly ttl?: number;
  readonly port: number;
  /** Where its RTCP goes: the same port when they share it, else the next one (RFC 3550 11). */
  readonly rtcpPort: number;
  readonly payloadType: number;
  readonly encoding: PcmEncoding;
  readonly sampleRate: number;
  readonly channels: number;
  /** Bytes of one sample frame on the wire. */
  readonly frameBytes: number;
  /** Sample frames in a packet, by `framecount` or `ptime`; unknown when neither is there. */
  readonly framesPerPacket?: number;
  /** The timestamp of the reference clock's epoch (`mediaclk:direct`), modulo 2^32. */
  readonly timestampOffset?: number;
  readonly refClocks: readonly ReferenceClock[];
  /** The only senders that are meant (`source-filter: incl`); none named: any. */
  readonly sources: readonly string[];
  readonly mid?: string;
  /** The media that carry the same sound over another network (`group:DUP`), by `mid`. */
  readonly duplicates: readonly string[];
  /** Where its sender puts duplicates and parity, when it is one of ours. */
  readonly redundancy?: Redundancy;
  /** One for each channel when `i=` names them as Dante does; otherwise empty. */
  readonly channelNames: readonly string[];
}

/** Payload types with a meaning of their own (RFC 3551 6): linear PCM of 16 bits, two channels and one. */
const STATIC_MAPS: Record<number, Omit<RtpMap, 'line' | 'payloadType'> | undefined> = {
  10: { encoding: 'L16', clockRate: 44_100, channels: 2 },
  11: { encoding: 'L16', clockRate: 44_100, channels: 1 },
};
const PROTOCOLS = new Set(['RTP/AVP', 'RTP/AVPF']);

/** What was found in a description, and why the rest of its media cannot be received. */
export interface FoundFlows {
  readonly flows: readonly AudioFlow[];
  readonly refused: readonly SdpProblem[];
}

/**
 * The streams of a description that can be received.
 * @param isAnnounced whether a stranger sent the description (SAP): then only multicast addresses are taken
 */
export function audioFlows(session: SessionDescription, { isAnnounced = false } = {}): FoundFlows {
  const flows: AudioFlow[] = [];
  const refused: SdpProblem[] = [];
  for (const media of session.media) {
    const flow = flowOf(media, session, isAnnounced);
    if (typeof flow === 'string') refused.push({ line: media.line, severity: 'error', text: flow });
    else flows.push(flow);
  }
  return { flows, refused };
}

function flowOf(media: MediaDescription, session: SessionDescription, isAnnounced: boolean): AudioFlow | string {
  if (media.kind !== 'audio') return `this is ${media.kind || 'something'}, not audio`;
  if (!PROTOCOLS.has(media.protocol.toUpperCase())) return `${media.protocol} is not plain RTP (RTP/AVP)`;
  if (media.port === 0) return 'port 0: this stream is not sent';
  const map = pcmMapOf(media);
  if (typeof map === 'string') return map;
  const connection = media.connection;
  if (!connection) return 'no address (c=)';
  const kind = addressKind(connection.address);
  if (kind === 'unspecified' || kind === 'broadcast') return `nothing can be received at ${connection.address}`;
  if (isAnnounced && kind !== 'multicast') return `an announced session has to be multicast, not ${connection.address}`;
  const framesPerPacket = media.frameCount ?? framesOfPtime(media.ptimeMs, map.clockRate);
  const encoding = map.encoding as PcmEncoding;
  return {
    line: media.line,
    title: media.title && !channelList(media.title) ? media.title : session.name,
    address: connection.address,
    addressKind: kind,
    port: media.port,
    rtcpPort: media.isRtcpMux ? media.port : (media.rtcpPort ?? Math.min(65_535, media.port + 1)),
    payloadType: map.payloadType,
    encoding,
    sampleRate: map.clockRate,
    channels: map.channels,
    frameBytes: map.channels * (encoding === 'L16' ? 2 : 3),
    refClocks: media.refClocks.map(({ clock }) => clock),
    sources: media.sourceFilters.flatMap((filter) => (filter.mode === 'incl' ? filter.sources : [])),
    duplicates: duplicatesOf(media.mid, session),
    channelNames: channelNamesOf(media.title ?? session.information, map.channels),
    ...(connection.ttl === undefined ? {} : { ttl: connection.ttl }),
    ...(framesPerPacket === undefined ? {} : { framesPerPacket }),
    ...(media.mediaClock?.kind === 'direct' && media.mediaClock.offset !== undefined
      ? { timestampOffset: media.mediaClock.offset % 2 ** 32 }
      : {}),
    ...(media.mid === undefined ? {} : { mid: media.mid }),
    ...(media.redundancy === undefined ? {} : { redundancy: media.redundancy }),
  };
}

function pcmMapOf(media: MediaDescription): Omit<RtpMap, 'line'> | string {
  let other: string | undefined;
  for (const payloadType of media.payloadTypes) {
    const map = media.rtpMaps.find((each) => each.payloadType === payloadType) ?? STATIC_MAPS[payloadType];
    if (map?.encoding === 'L16' || map?.encoding === 'L24') return { ...map, payloadType };
    other ??= map?.encoding;
  }
  if (other !== undefined) return `${other} is not linear PCM (L16 or L24)`;
  const mapped = media.rtpMaps.map((map) => map.payloadType).slice(0, 8);
  const types = media.payloadTypes.slice(0, 8).join(', ') || 'none';
  return `no rtpmap for the payload types of m= (${types})${mapped.length ? `, only for ${mapped.join(', ')}` : ''}`;
}

/**
 * Sample frames of a packet time as descriptions write it, rounded (AES67: 0.12, 0.13 and 0.125 ms all mean 6
 * frames at 48 kHz, 1.09 ms means 48 at 44.1 kHz).
 */
export function framesOfPtime(ptimeMs: number | undefined, sampleRate: number): number | undefined {
  if (ptimeMs === undefined) return undefined;
  return Math.max(1, Math.round((ptimeMs * sampleRate) / 1000));
}

function duplicatesOf(mid: string | undefined, session: SessionDescription): string[] {
  if (mid === undefined) return [];
  const group = session.groups.find(({ semantics, mids }) => semantics === 'DUP' && mids.includes(mid));
  return group ? group.mids.filter((each) => each !== mid) : [];
}

// Dante writes "2 channels: Left, Right", older devices without the comma.
function channelList(title: string): RegExpExecArray | null {
  return /^\d{1,3} channels?: ?(.*)$/i.exec(title);
}

function channelNamesOf(title: string | undefined, channels: number): string[] {
  const list = title === undefined ? undefined : channelList(title)?.[1];
  if (list === undefined) return [];
  for (const separator of [',', /\s+/]) {
    const names = list.split(separator).map((name) => cleanText(name, 64));
    if (names.length === channels && names.every((name) => name !== '')) return names;
  }
  return [];
}
