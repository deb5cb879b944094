import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { monotonicNs, sleep } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { OutputContext } from '../../modules/output.ts';
import { ntpOfUtcMs } from '../../protocols/ntp/timestamp.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../../protocols/rtp/packet.ts';
import { addressKind } from '../../protocols/sdp/ip-address.ts';
import { MAX_PAYLOAD_BYTES, SDP_PROFILES } from '../../protocols/sdp/profiles.ts';
import { writeSdp } from '../../protocols/sdp/write.ts';
import type { PaceDestination } from '../../tracks/pace/flow-socket.ts';
import { periodOfFrames } from '../../tracks/pace/grid.ts';
import { openPacer, type Pacer } from '../../tracks/pace/pacer.ts';
import { resolveHost } from '../../tracks/resolve-host.ts';
import { SapAnnouncer } from '../../tracks/send/announcer.ts';
import { localAddressTowards, ownGroup } from '../../tracks/send/destinations.ts';
import { type Encoding, encodingBytes } from '../../tracks/types.ts';
import { FlowFeed } from './flow-feed.ts';
import { type FlowRtcp, openFlowRtcp } from './flow-rtcp.ts';
import { ReleasedPcm } from './released-pcm.ts';

/** Options of the `rtp` output, as its schema gives them. */
export interface RtpOutputOptions {
  readonly address?: string | undefined;
  readonly port: number;
  readonly interface?: string | undefined;
  readonly ttl: number;
  readonly ptime: number;
  readonly encoding?: Encoding | undefined;
  readonly profile: 'aes67' | 'dante' | 'plain';
  readonly name?: string | undefined;
  readonly announce: boolean;
  readonly sdp?: string | undefined;
  readonly delay: number;
}

type Context = OutputContext<RtpOutputOptions>;

/** Dynamic, and what AES67 devices commonly use. */
const PAYLOAD_TYPE = 98;
const TICK_MS = 20;
/** Room in the ring beyond the delay: fragments come at once, and a reserve may give several. */
const RING_SPARE_MS = 3000;
/** From the opening of the flow to its first packet. */
const LEAD_MS = 20;

/**
 * Sends until the signal aborts, anew where the samples of the stream change.
 * @throws DistreamError PLAN_REFUSED, UNREACHABLE, ADDRESS_UNAVAILABLE, RECORDING_FAILED
 */
export async function sendStream(context: Context, random: () => number): Promise<void> {
  const { signal, clock, stream, options } = context;
  const address = await resolveHost(options.address ?? ownGroup());
  const target = `${address}:${options.port}`;
  const reader = new ReleasedPcm(context);
  context.onReport(() => ({ state: 'waiting', target, detail: reader.detail() }));
  const unsubscribe = stream.onRelease(() => reader.collect());
  try {
    while (!signal.aborted) {
      const pcm = reader.format();
      if (pcm) await sendFlow(context, { pcm, reader, address, random });
      else await sleep(clock, TICK_MS, signal);
    }
  } finally {
    unsubscribe();
  }
}

interface FlowParts {
  readonly pcm: PcmFormat;
  readonly reader: ReleasedPcm;
  readonly address: string;
  readonly random: () => number;
}

async function sendFlow(context: Context, parts: FlowParts): Promise<void> {
  const { options, signal, clock } = context;
  const { pcm, reader, address, random } = parts;
  const shape = flowShape(pcm, options);
  const localAddress = options.interface;
  const isMulticast = addressKind(address) === 'multicast';
  const destination: PaceDestination = {
    address,
    port: options.port,
    localAddress,
    ...(isMulticast ? { multicast: { ttl: options.ttl, loopback: true } } : {}),
  };
  const originAddress = await localAddressTowards(address, localAddress);
  const timestamp = Math.floor(random() * 2 ** 32);
  const sequence = Math.floor(random() * 2 ** 16);
  const ssrc = Math.floor(random() * 2 ** 32);
  const numbers = { timestamp, sequence, ssrc };
  const pacer = await openFlow({ shape, pcm, destination, numbers, delayMs: options.delay });
  const sdp = describe(context, { ...parts, shape, originAddress, timestamp });
  let announcer: SapAnnouncer | undefined;
  let rtcp: FlowRtcp | undefined;
  try {
    await writeDescription(context, sdp);
    announcer = options.announce ? announce(context, { sdp, originAddress, address, random }) : undefined;
    announcer?.start();
    const feed = new FlowFeed({
      pcm,
      encoding: shape.encoding,
      framesPerPacket: shape.framesPerPacket,
      delayMs: options.delay,
      ring: pacer.rings[0]!,
    });
    const startNs = monotonicNs() + BigInt(LEAD_MS) * 1_000_000n;
    rtcp = await openFlowRtcp({
      ...{ destination, ssrc, timestamp, startNs, pacer, clock, random, firstSequence: sequence },
      ...{ sampleRate: pcm.sampleRate, framesPerPacket: shape.framesPerPacket, payloadBytes: shape.payloadBytes },
    });
    reportFlow(context, { pcm, shape, feed, pacer, address, rtcp });
    pacer.start(startNs);
    rtcp.channel.start();
    context.log.info(`sends ${shape.encoding}/${pcm.sampleRate}/${pcm.channels} to ${address}:${options.port}`);
    const stop = () => void pacer.stop();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      for (let next = reader.next(pcm); next; next = reader.next(pcm)) feed.take(next);
      if (reader.isOther(pcm)) break;
      feed.tick();
      await sleep(clock, TICK_MS, signal);
    }
    signal.removeEventListener('abort', stop);
  } finally {
    await announcer?.stop();
    await pacer.stop();
    await rtcp?.channel.bye();
  }
}

/** The shape of a flow's packets. */
interface FlowShape {
  readonly encoding: Encoding;
  readonly framesPerPacket: number;
  readonly payloadBytes: number;
}

/** Throws DistreamError PLAN_REFUSED when a packet would not fit a datagram, or 32 bits would have to be cut. */
function flowShape(
  { sampleRate, channels, bitsPerSample }: PcmFormat,
  { encoding, ptime }: RtpOutputOptions,
): FlowShape {
  if (encoding === undefined && bitsPerSample === 32) {
    const reason = 'the stream has samples of 32 bit, and RTP carries 16 or 24';
    throw new DistreamError('PLAN_REFUSED', { reason, hint: 'Say `encoding: L24` to cut the lowest 8 bits.' });
  }
  const width = encoding ?? (bitsPerSample === 16 ? 'L16' : 'L24');
  const framesPerPacket = Math.max(1, Math.round((ptime * sampleRate) / 1000));
  const payloadBytes = framesPerPacket * channels * encodingBytes(width);
  if (payloadBytes > MAX_PAYLOAD_BYTES) {
    const reason = `${ptime} ms of ${channels} channels are ${payloadBytes} bytes, and a packet takes ${MAX_PAYLOAD_BYTES}`;
    throw new DistreamError('PLAN_REFUSED', { reason, hint: 'Lower `ptime`.' });
  }
  return { encoding: width, framesPerPacket, payloadBytes };
}

async function openFlow(flow: {
  shape: FlowShape;
  pcm: PcmFormat;
  destination: PaceDestination;
  numbers: { timestamp: number; sequence: number; ssrc: number };
  delayMs: number;
}): Promise<Pacer> {
  const { shape, pcm, destination, delayMs } = flow;
  const { timestamp, sequence, ssrc } = flow.numbers;
  const { framesPerPacket, payloadBytes } = shape;
  const pacer = await openPacer({
    periods: [periodOfFrames(framesPerPacket, pcm.sampleRate)],
    aheadMs: delayMs + RING_SPARE_MS,
    flows: [
      {
        destinations: [destination],
        grid: 0,
        rtp: { sequence, timestamp, framesPerSlot: framesPerPacket },
        packetBytes: RTP_HEADER_BYTES + payloadBytes,
      },
    ],
  });
  const header = Buffer.alloc(RTP_HEADER_BYTES);
  writeRtpHeader(header, 0, { payloadType: PAYLOAD_TYPE, marker: false, sequence: 0, timestamp: 0, ssrc });
  pacer.rings[0]!.prefill(header);
  return pacer;
}

function describe(
  { options, stream, clock }: Context,
  facts: FlowParts & { shape: FlowShape; originAddress: string; timestamp: number },
): string {
  const { pcm, shape, address, originAddress, timestamp } = facts;
  const name = options.name ?? stream.name;
  const id = ntpOfUtcMs(clock.utcMs());
  const flow = {
    title: name,
    address,
    ttl: options.ttl,
    port: options.port,
    payloadType: PAYLOAD_TYPE,
    encoding: shape.encoding,
    sampleRate: pcm.sampleRate,
    channels: pcm.channels,
    framesPerPacket: shape.framesPerPacket,
    timestampOffset: timestamp,
    referenceClock: { kind: 'local' },
  } as const;
  const offer = { sessionId: String(id), originAddress, name, flows: [flow] };
  return writeSdp(offer, SDP_PROFILES[options.profile], String(id >> 32n));
}

async function writeDescription({ options, baseDir }: Context, sdp: string): Promise<void> {
  if (options.sdp === undefined) return;
  const path = resolve(baseDir, options.sdp);
  try {
    await writeFile(path, sdp);
  } catch (error) {
    throw new DistreamError('RECORDING_FAILED', { path, reason: reasonOf(error) }, { cause: error });
  }
}

/** A flow to this machine alone is announced on this machine alone. */
function announce(
  { options, clock, log }: Context,
  {
    sdp,
    originAddress,
    address,
    random,
  }: { sdp: string; originAddress: string; address: string; random: () => number },
): SapAnnouncer {
  const own = addressKind(address) === 'loopback' ? '127.0.0.1' : options.interface;
  return new SapAnnouncer({
    sdps: [sdp],
    originAddress,
    localAddress: own?.includes(':') ? undefined : own,
    ttl: options.ttl,
    clock,
    random,
    onProblem: (reason) => log.warn(`not announced by SAP: ${reason}; receivers need the SDP file (\`sdp: FILE\`)`),
  });
}

function reportFlow(
  { options, onReport }: Context,
  facts: { pcm: PcmFormat; shape: FlowShape; feed: FlowFeed; pacer: Pacer; address: string; rtcp: FlowRtcp },
): void {
  const { pcm, shape, feed, pacer, address, rtcp } = facts;
  onReport(() => {
    const [flow] = pacer.statistics().flows;
    const milliseconds = (frames: number) => Math.round((frames * 1000) / pcm.sampleRate);
    return {
      state: feed.counters.frames > 0 ? 'sending' : 'waiting',
      target: `${address}:${options.port}`,
      counters: {
        packets_sent: flow?.sent ?? 0,
        packets_not_sent: (flow?.lost ?? 0) + (flow?.refused ?? 0),
        silent_milliseconds: milliseconds(feed.counters.silentFrames),
        dropped_milliseconds: milliseconds(feed.counters.droppedFrames),
        starvations: feed.counters.starvations,
        packets_resent: rtcp.feedback.counters.resent,
      },
      detail: {
        flow: `${shape.encoding}/${pcm.sampleRate}/${pcm.channels}`,
        waiting_ms: Math.round(feed.aheadMs),
      },
    };
  });
}
