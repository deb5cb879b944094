import { ProtocolViolation } from '../../core/errors.ts';
import type { ReferenceClock } from './clock-signalling.ts';
import { type AudioFlow, audioFlows, framesOfPtime } from './flows.ts';
import { lintLines } from './lint-lines.ts';
import { parseSdp } from './parse.ts';
import { MAX_PAYLOAD_BYTES, profileProblems, type SdpProfile } from './profiles.ts';
import type { MediaDescription, SdpProblem, SessionDescription } from './session.ts';

/**
 * Says in words what is wrong with a description, line by line, and what receivers of a profile will not take. Never
 * throws: a description that cannot be read at all is one problem.
 */
export function lintSdp(text: string, profile?: SdpProfile): SdpProblem[] {
  let session: SessionDescription;
  try {
    session = parseSdp(text);
  } catch (error) {
    if (error instanceof ProtocolViolation) return [{ line: 0, severity: 'error', text: error.message }];
    throw error;
  }
  const { flows, refused } = audioFlows(session);
  const problems = [
    ...session.problems,
    ...refused,
    ...lintLines(session, text),
    ...session.media.flatMap(lintMedia),
    ...flows.flatMap(lintFlow),
    ...lintGroups(session),
    ...(profile ? lintProfile(session, flows, profile) : []),
  ];
  return problems.sort((a, b) => a.line - b.line);
}

function lintMedia(media: MediaDescription): SdpProblem[] {
  const problems: SdpProblem[] = [];
  const say = (severity: SdpProblem['severity'], text: string, line = media.line) =>
    problems.push({ line, severity, text });
  for (const map of media.rtpMaps) {
    if (!media.payloadTypes.includes(map.payloadType)) {
      say('error', `rtpmap is for payload type ${map.payloadType}, which m= does not name`, map.line);
    }
    if (map.payloadType < 96) {
      say('warning', `payload type ${map.payloadType} is not one of the dynamic ones, 96 to 127`, map.line);
    }
  }
  const rate = media.rtpMaps[0]?.clockRate;
  const frames = rate === undefined ? undefined : framesOfPtime(media.ptimeMs, rate);
  if (frames !== undefined && media.frameCount !== undefined && frames !== media.frameCount) {
    say('warning', `framecount says ${media.frameCount} sample frames in a packet, ptime says ${frames}`);
  }
  if (media.port % 2 === 1 && !media.isRtcpMux)
    say('note', `port ${media.port} is odd; RTP uses even ports (RFC 3550 11)`);
  if (media.direction === 'inactive') say('warning', 'the stream is inactive: it is not sent');
  if (media.direction === 'sendonly') {
    say('note', 'sendonly tells receivers to send; streams are usually announced as recvonly');
  }
  for (const { clock, line } of media.refClocks) {
    const text = clockProblem(clock);
    if (text) say('warning', text, line);
  }
  return problems;
}

function clockProblem(clock: ReferenceClock): string | undefined {
  if (clock.kind !== 'ptp') return undefined;
  const digits = clock.clockId?.replaceAll('-', '');
  if (digits !== undefined && /^(0+|F+|0{6}FFFE0{6})$/.test(digits)) {
    return 'the PTP clock id is empty: the sender follows no PTP clock, whatever it says';
  }
  if (clock.version === 'IEEE1588-2008' && clock.clockId !== undefined && clock.domain === undefined) {
    return 'the PTP clock lacks its domain, such as ":0" (RFC 7273 4.8)';
  }
  return undefined;
}

function lintFlow(flow: AudioFlow): SdpProblem[] {
  const problems: SdpProblem[] = [];
  const say = (severity: SdpProblem['severity'], text: string) => problems.push({ line: flow.line, severity, text });
  if (flow.addressKind === 'loopback') say('warning', `${flow.address} is heard on this one machine only`);
  if (flow.addressKind === 'multicast' && !flow.address.includes(':')) lintGroupAddress(flow, say);
  if (flow.framesPerPacket === undefined) say('warning', 'no ptime: receivers have to guess the packet time');
  if (flow.refClocks.length === 0) say('warning', 'no ts-refclk: nobody knows which clock the timestamps follow');
  if (flow.timestampOffset === undefined) {
    say('warning', 'no mediaclk:direct=<offset>: streams of one session cannot be aligned by their timestamps');
  } else if (flow.timestampOffset !== 0) {
    say('note', `mediaclk:direct=${flow.timestampOffset}: fine for AES67; SMPTE ST 2110 receivers want 0`);
  }
  const bytes = (flow.framesPerPacket ?? 0) * flow.frameBytes;
  if (bytes > MAX_PAYLOAD_BYTES) {
    say('error', `${bytes} bytes of audio in a packet do not fit into a datagram of 1500 bytes`);
  }
  return problems;
}

function lintGroupAddress(flow: AudioFlow, say: (severity: SdpProblem['severity'], text: string) => void): void {
  if (flow.ttl === undefined) say('warning', `the multicast address has no time to live, such as ${flow.address}/32`);
  if (flow.ttl === 0) say('warning', 'a time to live of 0 keeps the stream on its own machine');
  if (flow.address.startsWith('224.0.0.')) say('warning', `${flow.address} is for protocols of the local network`);
  else if (!/^23[29]\./.test(flow.address)) {
    say('note', `${flow.address} is outside of 239.0.0.0/8, the addresses for one's own networks`);
  }
}

function lintGroups(session: SessionDescription): SdpProblem[] {
  const mids = session.media.map((media) => media.mid).filter((mid) => mid !== undefined);
  const problems: SdpProblem[] = [];
  for (const mid of new Set(session.groups.flatMap((group) => group.mids))) {
    const count = mids.filter((each) => each === mid).length;
    if (count === 1) continue;
    const text =
      count === 0
        ? `group names "${mid.slice(0, 32)}", which no medium is called`
        : `${count} media are called "${mid.slice(0, 32)}"`;
    problems.push({ line: lineOf(session, 'group:'), severity: 'warning', text });
    if (problems.length === 16) break;
  }
  return problems;
}

function lineOf(session: SessionDescription, attribute: string): number {
  return session.lines.find(({ type, value }) => type === 'a' && value.startsWith(attribute))?.number ?? 0;
}

function lintProfile(session: SessionDescription, flows: readonly AudioFlow[], profile: SdpProfile): SdpProblem[] {
  const problems = flows.flatMap((flow) => {
    const hasPtp = flow.refClocks.some((clock) => clock.kind === 'ptp');
    const shape = { ...flow, hasPtp, hasSourceFilter: flow.sources.length > 0 };
    return profileProblems(shape, profile).map((text) => ({ line: flow.line, severity: 'error' as const, text }));
  });
  if (!profile.allowsSeveralFlows && session.media.length > 1) {
    const text = `${profile.title} takes one stream in a description, not ${session.media.length}.`;
    problems.push({ line: session.media[1]!.line, severity: 'error', text });
  }
  return problems;
}
