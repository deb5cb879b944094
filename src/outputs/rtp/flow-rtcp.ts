import type { Clock } from '../../core/clock.ts';
import { randomHex } from '../../core/random.ts';
import type { PaceDestination } from '../../tracks/pace/flow-socket.ts';
import type { Pacer } from '../../tracks/pace/pacer.ts';
import { FlowFeedback } from '../../tracks/send/flow-feedback.ts';
import { RtcpChannel } from '../../tracks/send/rtcp-channel.ts';
import { openGroupSockets, openRtcpSocket } from '../../tracks/send/rtcp-socket.ts';
import { StreamClock } from '../../tracks/send/stream-clock.ts';
import { SteadyUtc } from '../../tracks/steady-utc.ts';

/** A flow, for its reports. */
export interface FlowRtcpFacts {
  readonly destination: PaceDestination;
  readonly ssrc: number;
  readonly firstSequence: number;
  /** Of the first packet. */
  readonly timestamp: number;
  readonly sampleRate: number;
  readonly framesPerPacket: number;
  readonly payloadBytes: number;
  /** The instant of the first packet, by `monotonicNs`. */
  readonly startNs: bigint;
  /** It has one flow. */
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The reports of a flow, and the packets that receivers ask for again. */
export interface FlowRtcp {
  readonly channel: RtcpChannel;
  readonly feedback: FlowFeedback;
}

/**
 * Opens the RTCP of a flow: sender reports, SDES, BYE, answers to NACK, at the port above the flow's. Not started yet.
 * @throws DistreamError ADDRESS_UNAVAILABLE
 */
export async function openFlowRtcp(facts: FlowRtcpFacts): Promise<FlowRtcp> {
  const { destination, ssrc, sampleRate, framesPerPacket, payloadBytes, pacer, clock, random } = facts;
  const packetsPerSecond = sampleRate / framesPerPacket;
  const feedback = new FlowFeedback({
    history: pacer.rings[0]!,
    firstSequence: facts.firstSequence,
    sampleRate,
    packetsPerSecond,
  });
  const bitsPerSecond = packetsPerSecond * payloadBytes * 8;
  const channel = new RtcpChannel({
    flows: [{ ssrc, sampleRate, destinations: [destination], bitsPerSecond, feedback }],
    sockets: [await openRtcpSocket(destination)],
    groupSockets: await openGroupSockets([[destination]]),
    cname: `${randomHex(random, 12)}@distream`,
    streamClock: new StreamClock({
      startNs: facts.startNs,
      utc: SteadyUtc.read(clock),
      serverOffsetMs: undefined,
      randomTimestamp: facts.timestamp,
    }),
    clock,
    random,
    statistics: () => pacer.statistics().flows,
  });
  return { channel, feedback };
}
