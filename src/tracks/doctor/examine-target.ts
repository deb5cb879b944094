import { type AudioFlow, audioFlows } from '../../protocols/sdp/flows.ts';
import { lintSdp } from '../../protocols/sdp/lint.ts';
import { parseSdp } from '../../protocols/sdp/parse.ts';
import { type ProfileName, SDP_PROFILES } from '../../protocols/sdp/profiles.ts';
import { flowOfAddress } from '../record/flow-of-address.ts';
import { localAddressFor } from '../record/local-interface.ts';
import { examinedFlowOf, examineFlow } from './examine-flow.ts';
import { descriptionFindings, type Finding, streamFindings } from './findings.ts';
import type { Examination } from './render-examination.ts';

type ExamineOptions = Parameters<typeof examineFlow>[1];

/**
 * Examines a description and all its streams, at the same time.
 * @throws DistreamError when a port cannot be used
 */
export async function examineDescription(
  text: string,
  profile: ProfileName,
  options: ExamineOptions,
): Promise<Examination[]> {
  const problems = lintSdp(text, SDP_PROFILES[profile]);
  const lint = descriptionFindings(problems);
  const { flows, origin } = flowsIn(text);
  // A group is joined where its sender is, as a recorder does.
  const localAddress = options.localAddress ?? localAddressFor(origin);
  if (flows.length === 0) return [undescribed(lint)];
  return Promise.all(
    flows.map(async (flow, index) => {
      const facts = await examineFlow(examinedFlowOf(flow), { ...options, localAddress });
      // What is wrong with the description is told once.
      const findings = [...(index === 0 ? lint : []), ...streamFindings(facts, flow)];
      return { title: flow.title, place: `${flow.address}:${flow.port}`, flow, facts, findings };
    }),
  );
}

/** RFC 3551: L16 at 44.1 kHz in stereo and mono, and all that a description gives a meaning to. */
const PCM_PAYLOAD_TYPES = [10, 11, ...Array.from({ length: 32 }, (_, index) => 96 + index)];

/** Examines a stream at `HOST:PORT` of which nothing is known. Throws USAGE, and when the port cannot be used. */
export async function examineBareAddress(target: string, options: ExamineOptions): Promise<Examination> {
  const { paths } = flowOfAddress(target, { encoding: 'L24', sampleRate: 48_000, channels: 1 });
  const { address, port } = paths[0]!;
  const format = { sampleRate: 48_000, frameBytes: 0, payloadTypes: PCM_PAYLOAD_TYPES };
  const facts = await examineFlow({ address, port, sources: [], format }, options);
  return {
    title: 'undescribed stream (times as for 48 kHz)',
    place: target,
    flow: undefined,
    facts,
    findings: streamFindings(facts, undefined),
  };
}

function flowsIn(text: string): { readonly flows: readonly AudioFlow[]; readonly origin: string | undefined } {
  try {
    const session = parseSdp(text);
    return { flows: audioFlows(session).flows, origin: session.origin?.address };
  } catch {
    // The lint has said why.
    return { flows: [], origin: undefined };
  }
}

function undescribed(findings: readonly Finding[]): Examination {
  const none = { count: 0, p50Us: 0, p99Us: 0, p999Us: 0, maxUs: 0, bins: [] };
  const facts: Examination['facts'] = {
    seconds: 0,
    counters: emptyCounters(),
    packetsPerSecond: 0,
    spacing: none,
    lateness: none,
    caughtUpMs: 0,
    packetFrames: [],
    driftPpm: undefined,
    leadMs: undefined,
    runs: [],
    strangers: [],
  };
  const nothing: Finding = {
    severity: 'error',
    what: 'the description has no stream of linear PCM (L16 or L24)',
    remedy: 'Take the description of an AES67 stream.',
  };
  return { title: 'description', place: 'no stream', flow: undefined, facts, findings: [...findings, nothing] };
}

function emptyCounters(): Examination['facts']['counters'] {
  return {
    packets: 0,
    frames: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    malformed: 0,
    unevenPayloads: 0,
    foreignPayloadTypes: 0,
    strangers: 0,
    droppedWhileHeld: 0,
    gaps: 0,
    gapFrames: 0,
    timelines: 0,
    jitterMs: 0,
    maximumJitterMs: 0,
  };
}
