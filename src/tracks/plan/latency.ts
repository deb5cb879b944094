import type { LatencyFacts } from './request.ts';
import type { LatencyPart, PacketPlan, PlannedFlow } from './schema.ts';

// What covered every measured run of 1 ms packets on a busy machine of two cores; without real-time scheduling, nearly every one.
const REALTIME_LATENESS_US = 7000;
const ORDINARY_LATENESS_US = 50_000;
const LOCAL_PATH_US = 1000;
const RECORDER_BUFFER_US = 1_000_000;

/** The delay from a sample's instant to where it is heard or written, as the sum of what makes it. */
export function latencyOf(flows: readonly PlannedFlow[], facts: LatencyFacts): PacketPlan['latency'] {
  const packetTimeUs = Math.max(0, ...flows.map((flow) => flow.packetTimeUs));
  const latenessUs = facts.isRealtime ? REALTIME_LATENESS_US : ORDINARY_LATENESS_US;
  const parts: LatencyPart[] = [
    { name: 'packet time', us: packetTimeUs, basis: 'exact' },
    measuredPart('sender lateness, p99.9', facts.senderLatenessUs, latenessUs),
    measuredPart('network path', facts.pathUs, LOCAL_PATH_US),
    { name: 'jitter buffer', us: facts.bufferUs ?? RECORDER_BUFFER_US, basis: 'chosen' },
    { name: facts.sinkUs ? 'sink' : 'sink (a file)', us: facts.sinkUs ?? 0, basis: facts.sinkUs ? 'chosen' : 'exact' },
  ];
  return { parts, totalUs: parts.reduce((sum, { us }) => sum + us, 0) };
}

function measuredPart(name: string, measuredUs: number | undefined, assumedUs: number): LatencyPart {
  return measuredUs === undefined
    ? { name, us: assumedUs, basis: 'assumed' }
    : { name, us: measuredUs, basis: 'measured' };
}
