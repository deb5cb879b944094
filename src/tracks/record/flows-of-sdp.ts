import { repairOfferIn } from '../../protocols/repair/offer.ts';
import type { ReferenceClock } from '../../protocols/sdp/clock-signalling.ts';
import { type AudioFlow, audioFlows } from '../../protocols/sdp/flows.ts';
import { parseSdp } from '../../protocols/sdp/parse.ts';
import type { FlowPath, FlowSpec } from './flow-spec.ts';

/** What can be recorded of a description, and what cannot, a sentence each. */
export interface DescribedFlows {
  /** The session's name. */
  readonly name: string;
  /** The address its sender gives as its own; undefined when there is none. */
  readonly origin: string | undefined;
  readonly flows: readonly FlowSpec[];
  readonly problems: readonly string[];
}

/**
 * The flows of a session description. Media that carry the same sound over another network (`group:DUP`) are one flow
 * of several paths.
 * @param isAnnounced whether a stranger sent the description (SAP)
 * @throws ProtocolViolation when it is no description
 */
export function flowsOfSdp(sdp: string, { isAnnounced = false } = {}): DescribedFlows {
  const session = parseSdp(sdp);
  const { flows, refused } = audioFlows(session, { isAnnounced });
  const origin = session.origin?.address;
  const merged = mergeDuplicates(flows);
  const repair = repairOfferIn(session);
  return {
    name: session.name,
    origin,
    flows: merged.map((paths) => ({
      ...specOf(paths, origin ?? '', session.name, merged.length),
      ...(repair ? { repair } : {}),
    })),
    problems: refused.map(({ line, text }) => `line ${line}: ${text}`),
  };
}

/** Flows that are duplicates of each other, together. */
function mergeDuplicates(flows: readonly AudioFlow[]): AudioFlow[][] {
  const merged: AudioFlow[][] = [];
  for (const flow of flows) {
    const twin = merged.find(([first]) => flow.mid !== undefined && first!.duplicates.includes(flow.mid));
    if (twin && isSameFormat(twin[0]!, flow)) twin.push(flow);
    else merged.push([flow]);
  }
  return merged;
}

function isSameFormat(one: AudioFlow, other: AudioFlow): boolean {
  return one.encoding === other.encoding && one.sampleRate === other.sampleRate && one.frameBytes === other.frameBytes;
}

function specOf(paths: readonly AudioFlow[], origin: string, sessionName: string, flowCount: number): FlowSpec {
  const flow = paths[0]!;
  const { encoding, sampleRate, channels, channelNames, timestampOffset, refClocks } = flow;
  const key = refClocks[0] && clockKey(refClocks[0], origin);
  return {
    title: titleOf(flow, sessionName, flowCount),
    encoding,
    sampleRate,
    channels,
    channelNames,
    payloadTypes: [...new Set(paths.map(({ payloadType }) => payloadType))],
    paths: paths.map((path) => pathOf(path, origin)),
    ...(key !== undefined && timestampOffset !== undefined ? { mediaClock: { key, offset: timestampOffset } } : {}),
  };
}

// A session of one flow is announced as `SESSION: FLOW` by distream, with the flow's own title beside it.
function titleOf({ title }: AudioFlow, sessionName: string, flowCount: number): string {
  return title !== '' || flowCount > 1 ? title : sessionName;
}

function pathOf(flow: AudioFlow, origin: string): FlowPath {
  const { address, addressKind, port, rtcpPort, sources, redundancy } = flow;
  // A host that is named is somebody; we listen at all addresses then.
  const isLiteral = addressKind === 'multicast' || addressKind === 'unicast' || addressKind === 'loopback';
  return {
    ...(isLiteral ? { address } : {}),
    port,
    rtcpPort,
    sources,
    ...(origin === '' ? {} : { origin }),
    ...(redundancy ? { redundancy } : {}),
  };
}

/** Tells clocks apart; undefined for one that cannot be told from others. */
function clockKey(clock: ReferenceClock, origin: string): string | undefined {
  switch (clock.kind) {
    case 'ptp':
      return `ptp ${clock.version} ${clock.clockId ?? 'traceable'} ${clock.domain ?? ''}`;
    case 'ntp':
      return `ntp ${clock.server ?? 'traceable'}`;
    case 'localmac':
      return `mac ${clock.mac}`;
    case 'local':
      return `local ${origin}`;
    case 'other':
      return clock.text === '' ? undefined : `other ${clock.text}`;
  }
}
