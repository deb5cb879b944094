import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/packet.ts';
import { SHORT_FEC_BYTES } from '../../protocols/rtp/ulpfec.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';
import { periodOfFrames } from '../pace/grid.ts';
import { openPacer, type PaceFlow, type Pacer } from '../pace/pacer.ts';
import type { RingWriter } from '../pace/ring.ts';
import { MAX_DUPLICATE_DELAY_MS } from '../plan/redundancy-measure.ts';
import type { PacketPlan, PlannedFlow } from '../plan/schema.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import { formatOfEncoding } from '../types.ts';
import { AHEAD_MS } from './ahead.ts';
import { FEC_PAYLOAD_TYPE, PAYLOAD_TYPE } from './describe-session.ts';
import { redundancyDestination } from './destinations.ts';
import { FlowFeedback } from './flow-feedback.ts';
import { RedundantFlow } from './redundancy/redundant-flow.ts';
import type { ReportedFlow } from './rtcp-channel.ts';
import type { StreamClock } from './stream-clock.ts';

/** A flow of a session. */
export interface SessionFlow extends ReportedFlow {
  readonly hasher: PcmHasher;
  readonly redundancy: RedundantFlow | undefined;
}

/** What flows are opened with. */
export interface FlowsRequest {
  readonly plan: PacketPlan;
  /** Of each flow, one in each network. */
  readonly destinations: readonly (readonly PaceDestination[])[];
  readonly hasRedundancy: boolean;
  readonly streamClock: StreamClock;
  readonly random: () => number;
}

/** How long packets are kept after they have left, to be sent again. */
const HISTORY_MS = 1000;
/** Of all flows together; a cell costs its packet and some hundred bytes. */
const MAX_CELLS = 250_000;

/**
 * Opens the sockets of all flows, and the rings that lead to them.
 * @throws DistreamError PORT_IN_USE, ADDRESS_UNAVAILABLE, UNREACHABLE, MULTICAST_UNAVAILABLE
 */
export async function openFlows(request: FlowsRequest): Promise<{ pacer: Pacer; flows: SessionFlow[] }> {
  const { plan, destinations, hasRedundancy, streamClock, random } = request;
  const rates = ratesOf(plan);
  const counts = plan.flows.map(({ sampleRate, framesPerPacket }) => ({
    sequence: Math.floor(random() * 2 ** 16),
    timestamp: streamClock.startTimestamp(sampleRate),
    framesPerSlot: framesPerPacket,
  }));
  const media = plan.flows.map(
    (flow, index): PaceFlow => ({
      destinations: destinations[index]!,
      grid: rates.indexOf(flow.sampleRate),
      rtp: counts[index]!,
      packetBytes: RTP_HEADER_BYTES + flow.payloadBytes,
    }),
  );
  const seconds = hasRedundancy ? media.map((flow) => secondPort(flow, plan.flows.length)) : [];
  const pacer = await openPacer({
    periods: rates.map((rate) => {
      const { framesPerPacket } = plan.flows.find(({ sampleRate }) => sampleRate === rate)!;
      return periodOfFrames(framesPerPacket, rate);
    }),
    aheadMs: ringMs(plan, hasRedundancy),
    flows: [...media, ...seconds],
  });
  const ssrcs = distinctSsrcs(plan.flows.length, random);
  const flows = plan.flows.map((flow, index): SessionFlow => {
    const ssrc = ssrcs[index]!;
    const { sequence, timestamp, framesPerSlot } = counts[index]!;
    const { sampleRate, packetsPerSecond } = flow;
    const ring = pacer.rings[index]!;
    prefill(ring, ssrc);
    return {
      ssrc,
      sampleRate,
      destinations: destinations[index]!,
      bitsPerSecond: flow.megabitsPerSecond * 1e6,
      feedback: new FlowFeedback({ history: ring, firstSequence: sequence, sampleRate, packetsPerSecond }),
      hasher: new PcmHasher({ format: formatOfEncoding(flow.encoding, sampleRate, flow.channels) }),
      redundancy: hasRedundancy
        ? new RedundantFlow({
            ring: pacer.rings[plan.flows.length + index]!,
            ssrc,
            firstSequence: sequence,
            timestamp,
            framesPerSlot,
            slotMs: flow.packetTimeUs / 1000,
            maxPayloadBytes: flow.payloadBytes,
            fecPayloadType: FEC_PAYLOAD_TYPE,
            firstFecSequence: Math.floor(random() * 2 ** 16),
          })
        : undefined,
    };
  });
  return { pacer, flows };
}

/** The sample rates of a plan's flows, each once. */
export function ratesOf({ flows }: { readonly flows: readonly Pick<PlannedFlow, 'sampleRate'>[] }): number[] {
  return [...new Set(flows.map(({ sampleRate }) => sampleRate))];
}

/** The flow of duplicates and parity; its packets are complete when they are written. */
function secondPort(flow: PaceFlow, flows: number): PaceFlow {
  return {
    ...flow,
    destinations: flow.destinations.map((destination) => redundancyDestination(destination, flows)),
    rtp: undefined,
    isSparse: true,
    packetBytes: flow.packetBytes + SHORT_FEC_BYTES,
  };
}

function ringMs({ total }: PacketPlan, hasRedundancy: boolean): number {
  const historyMs = Math.max(0, Math.min(HISTORY_MS, MAX_CELLS / (total.packetsPerSecond / 1000) - AHEAD_MS));
  return AHEAD_MS + Math.max(historyMs, hasRedundancy ? MAX_DUPLICATE_DELAY_MS : 0);
}

function prefill(ring: RingWriter, ssrc: number): void {
  const header = Buffer.alloc(RTP_HEADER_BYTES);
  writeRtpHeader(header, 0, { payloadType: PAYLOAD_TYPE, marker: false, sequence: 0, timestamp: 0, ssrc });
  ring.prefill(header);
}

function distinctSsrcs(count: number, random: () => number): number[] {
  const ssrcs = new Set<number>();
  while (ssrcs.size < count) ssrcs.add(Math.floor(random() * 2 ** 32));
  return [...ssrcs];
}
