import { type Clock, sleep } from '../../core/clock.ts';
import { RTP_HEADER_BYTES } from '../../protocols/rtp/packet.ts';
import { isRtcp } from '../../protocols/rtp/rtcp.ts';
import type { AudioFlow } from '../../protocols/sdp/flows.ts';
import { NTP_EPOCH_SECONDS, TAI_AHEAD_SECONDS } from '../epochs.ts';
import { ReceiveSocket } from '../record/receive-socket.ts';
import { type ExaminedFormat, StreamExaminer, type StreamFacts } from './stream-examiner.ts';

/** Where a stream comes in, and what is known of it. */
export interface ExaminedFlow {
  /** A multicast group or an address of this machine; undefined: any. */
  readonly address: string | undefined;
  readonly port: number;
  readonly sources: readonly string[];
  /** With 0 bytes a frame they are found out from the packets. */
  readonly format: ExaminedFormat;
}

/** What a described stream is measured by. */
export function examinedFlowOf(flow: AudioFlow): ExaminedFlow {
  const { address, addressKind, port, sources, sampleRate, frameBytes, payloadType } = flow;
  const isLiteral = addressKind === 'multicast' || addressKind === 'unicast' || addressKind === 'loopback';
  return {
    address: isLiteral ? address : undefined,
    port,
    sources,
    format: {
      sampleRate,
      frameBytes,
      payloadTypes: [payloadType],
      framesPerPacket: flow.framesPerPacket,
      timestampOffset: flow.timestampOffset,
      epochMsAt: epochOf(flow),
    },
  };
}

/**
 * Listens to a stream.
 * @throws DistreamError PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE, UNREACHABLE, MULTICAST_UNAVAILABLE
 */
export async function examineFlow(
  { address, port, sources, format }: ExaminedFlow,
  options: {
    readonly clock: Clock;
    readonly durationMs: number;
    readonly localAddress?: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<StreamFacts> {
  const { clock, durationMs, localAddress, signal } = options;
  let examiner = format.frameBytes > 0 ? new StreamExaminer(format) : undefined;
  let previous: Buffer | undefined;
  let firstMs: number | undefined;
  let lastMs = 0;
  const socket = await ReceiveSocket.open({ address, port, localAddress, sources }, (datagram, from) => {
    if (isRtcp(datagram)) return;
    if (!examiner) {
      const frameBytes = previous && frameBytesBetween(previous, datagram);
      previous = Buffer.from(datagram);
      if (frameBytes === undefined) return;
      examiner = new StreamExaminer({ ...format, frameBytes });
    }
    lastMs = clock.nowMs();
    firstMs ??= lastMs;
    examiner.receive(datagram, from.address, { ms: lastMs, utcMs: clock.utcMs() });
  });
  try {
    await sleep(clock, durationMs, signal);
  } finally {
    socket.close();
  }
  // A stream that is heard for less than that has begun or ended meanwhile.
  const heardMs = firstMs === undefined ? durationMs : lastMs - firstMs;
  examiner ??= new StreamExaminer({ ...format, frameBytes: 1 });
  return examiner.facts(heardMs / 1000);
}

/** What a sample frame takes, by two packets that follow each other: their timestamps differ by the frames of the first. */
function frameBytesBetween(first: Buffer, second: Buffer): number | undefined {
  if (first.length <= RTP_HEADER_BYTES || second.length <= RTP_HEADER_BYTES) return undefined;
  if (((first.readUInt16BE(2) + 1) & 0xffff) !== second.readUInt16BE(2)) return undefined;
  const frames = (second.readUInt32BE(4) - first.readUInt32BE(4)) >>> 0;
  const frameBytes = (first.length - RTP_HEADER_BYTES) / frames;
  return Number.isInteger(frameBytes) && frameBytes > 0 ? frameBytes : undefined;
}

function epochOf({ refClocks }: AudioFlow): ExaminedFormat['epochMsAt'] {
  const clock = refClocks[0];
  if (clock?.kind === 'ntp') return (utcMs) => utcMs + NTP_EPOCH_SECONDS * 1000;
  if (clock?.kind === 'ptp') return (utcMs) => utcMs + TAI_AHEAD_SECONDS * 1000;
  return undefined;
}
