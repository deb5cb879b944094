import { type Clock, monotonicNs, sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import { randomHex } from '../../core/random.ts';
import { writeRtpHeader } from '../../protocols/rtp/packet.ts';
import { addressKind } from '../../protocols/sdp/ip-address.ts';
import type { ProfileName } from '../../protocols/sdp/profiles.ts';
import { NtpClient } from '../ntp-client.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';
import { periodOfFrames } from '../pace/grid.ts';
import { openPacer, type Pacer } from '../pace/pacer.ts';
import type { PacketPlan } from '../plan/schema.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import { SteadyUtc } from '../steady-utc.ts';
import { formatOfEncoding } from '../types.ts';
import { AHEAD_MS } from './ahead.ts';
import { SapAnnouncer } from './announcer.ts';
import {
  type DescribedSession,
  describeSession,
  PAYLOAD_TYPE,
  profileVerdict,
  writeDescriptions,
} from './describe-session.ts';
import { flowDestinations, localAddressTowards } from './destinations.ts';
import type { SourceTrack } from './find-tracks.ts';
import { FlowFeedback } from './flow-feedback.ts';
import { FlowPacker } from './flow-packer.ts';
import { RtcpChannel } from './rtcp-channel.ts';
import { SendSession, type SessionFlow } from './send-session.ts';
import { sessionLengths } from './session-length.ts';
import { StreamClock } from './stream-clock.ts';
import { TrackReader } from './track-reader.ts';

/** What is sent, where and when. */
export interface SendOptions {
  readonly name: string;
  /** They stay the caller's, who closes them after the session. */
  readonly tracks: readonly SourceTrack[];
  /** Without refusals. */
  readonly plan: PacketPlan;
  /** Where to: an address of a host or a multicast group. */
  readonly address: string;
  readonly port: number;
  readonly ttl: number;
  /** Our address to send from; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
  readonly profile: ProfileName;
  /** Where descriptions are written. */
  readonly sdpFolder?: string | undefined;
  readonly isAnnounced: boolean;
  readonly isLoop: boolean;
  /** UTC of the first sample frame; by the server's clock when there is one. */
  readonly startUtcMs?: number | undefined;
  /** Whose clock is measured. */
  readonly ntpServer?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** What is worth knowing, a sentence each. */
  readonly onNote: (text: string) => void;
}

/** How long packets are kept after they have left, to be sent again. */
const HISTORY_MS = 1000;
/** Of all flows together; a cell costs its packet and some hundred bytes. */
const MAX_CELLS = 250_000;
/** From now to the first packet: for opening sockets and reading ahead. */
const LEAD_MS = 500;
const LEAD_MS_PER_FLOW = 5;
/** So long before a start time that was set, sockets are opened and clocks read. */
const PREPARE_MS = 4_000;
const LONGEST_NAP_MS = 30_000;
const MAX_START_AHEAD_MS = 7 * 86_400_000;

/**
 * Opens all that a session needs, once its start is near. Answers undefined when `signal` aborted before.
 * @throws DistreamError PLAN_REFUSED, UNREACHABLE, ADDRESS_UNAVAILABLE, PORT_IN_USE, RECORDING_FAILED, USAGE
 */
export async function openSendSession(options: SendOptions): Promise<SendSession | undefined> {
  const { plan, clock, signal, isLoop } = options;
  const lengths = sessionLengths(options.tracks.map(({ file }) => file.head));
  if (isLoop && lengths.size > 1) {
    throw new DistreamError('USAGE', { reason: 'tracks of different sample rates cannot be looped together' });
  }
  const originAddress = await localAddressTowards(options.address, options.localAddress);
  const destinations = flowDestinations(plan.flows.length, options);
  checkProfile(options, { destinations, originAddress });
  await waitForStart(options);
  if (signal.aborted) return undefined;
  const utc = SteadyUtc.read(clock);
  const ntp = await openNtp(options, utc);
  try {
    const streamClock = startClock(options, { utc, ntp });
    const described = { ...descriptionFacts(options, { destinations, originAddress }), ...clockFacts(streamClock) };
    const descriptions = describeSession(described);
    const files = options.sdpFolder === undefined ? [] : await writeDescriptions(options.sdpFolder, descriptions);
    const firsts = plan.flows.map(() => Math.floor(options.random() * 2 ** 16));
    const pacer = await openFlows(options, { destinations, streamClock, firsts });
    try {
      const ssrcs = distinctSsrcs(plan.flows.length, options.random);
      for (const [index, ring] of pacer.rings.entries()) {
        const header = Buffer.alloc(12);
        writeRtpHeader(header, 0, {
          payloadType: PAYLOAD_TYPE,
          marker: false,
          sequence: 0,
          timestamp: 0,
          ssrc: ssrcs[index]!,
        });
        ring.prefill(header);
      }
      const flows = plan.flows.map((flow, index): SessionFlow => {
        const { sampleRate, packetsPerSecond } = flow;
        const format = formatOfEncoding(flow.encoding, sampleRate, flow.channels);
        const firstSequence = firsts[index]!;
        return {
          ssrc: ssrcs[index]!,
          sampleRate,
          destination: destinations[index]!,
          bitsPerSecond: flow.megabitsPerSecond * 1e6,
          feedback: new FlowFeedback({ history: pacer.rings[index]!, firstSequence, sampleRate, packetsPerSecond }),
          hasher: new PcmHasher({ format }),
        };
      });
      const cname = `${randomHex(options.random, 12)}@distream`;
      const rtcp = await RtcpChannel.open({
        flows,
        cname,
        streamClock,
        clock,
        random: options.random,
        statistics: () => pacer.statistics().flows,
      });
      const announcer = options.isAnnounced
        ? newAnnouncer(options, { sdps: descriptions.flows.map(({ sdp }) => sdp), originAddress, destinations })
        : undefined;
      const packers = newPackers(options, { flows, pacer, lengths });
      const totalSeconds = isLoop ? undefined : Math.max(...[...lengths].map(([rate, frames]) => frames / rate));
      return new SendSession({
        plan,
        name: options.name,
        cname,
        flows,
        pacer,
        packers,
        rtcp,
        announcer,
        streamClock,
        ntp,
        ntpServer: options.ntpServer,
        descriptionFiles: files,
        totalSeconds,
        clock,
      });
    } catch (error) {
      await pacer.stop();
      throw error;
    }
  } catch (error) {
    ntp?.close();
    throw error;
  }
}

interface Places {
  readonly destinations: readonly PaceDestination[];
  readonly originAddress: string;
}

function descriptionFacts(
  options: SendOptions,
  places: Places,
): Omit<DescribedSession, 'mediaClockOffset' | 'startUtcMs'> {
  const { name, plan, profile, ntpServer } = options;
  const referenceClock =
    ntpServer === undefined ? { kind: 'local' as const } : { kind: 'ntp' as const, server: ntpServer };
  return { name, plan, profile, referenceClock, ...places };
}

function clockFacts({ mediaClockOffset, startUtcMs }: StreamClock): { mediaClockOffset: number; startUtcMs: number } {
  return { mediaClockOffset, startUtcMs };
}

function checkProfile(options: SendOptions, places: Places): void {
  const facts = { ...descriptionFacts(options, places), mediaClockOffset: 0, startUtcMs: 0 };
  const { refusals, notes } = profileVerdict(facts);
  if (refusals.length > 0) {
    const hint = `Change what it names, or use --profile plain.`;
    throw new DistreamError('PLAN_REFUSED', { reason: refusals.join(' ').replace(/\.$/, ''), hint });
  }
  for (const note of notes) options.onNote(note);
}

/** Waits until shortly before a start time that was set; naps, because the wall clock may be set meanwhile. */
async function waitForStart({ startUtcMs, clock, signal, onNote }: SendOptions): Promise<void> {
  if (startUtcMs === undefined) return;
  const remainingMs = () => startUtcMs - clock.utcMs();
  if (remainingMs() < 0) throw new DistreamError('USAGE', { reason: 'the start time has passed' });
  if (remainingMs() > MAX_START_AHEAD_MS)
    throw new DistreamError('USAGE', { reason: 'the start time is more than a week away' });
  if (remainingMs() > PREPARE_MS) onNote(`Waiting until ${new Date(startUtcMs).toISOString()}.`);
  while (remainingMs() > PREPARE_MS && !signal.aborted) {
    await sleep(clock, Math.min(LONGEST_NAP_MS, remainingMs() - PREPARE_MS), signal);
  }
}

async function openNtp({ ntpServer, clock, random }: SendOptions, utc: SteadyUtc): Promise<NtpClient | undefined> {
  return ntpServer === undefined ? undefined : NtpClient.open({ server: ntpServer, clock, utc, random });
}

function startClock(options: SendOptions, { utc, ntp }: { utc: SteadyUtc; ntp: NtpClient | undefined }): StreamClock {
  const serverOffsetMs = ntp?.estimate()?.offsetMs;
  const leadMs = LEAD_MS + LEAD_MS_PER_FLOW * options.plan.flows.length;
  const { startUtcMs } = options;
  const startNs =
    startUtcMs === undefined
      ? monotonicNs() + BigInt(leadMs) * 1_000_000n
      : utc.nsAt(startUtcMs - (serverOffsetMs ?? 0));
  const randomTimestamp = Math.floor(options.random() * 2 ** 32);
  return new StreamClock({ startNs, utc, serverOffsetMs, randomTimestamp });
}

function openFlows(
  { plan }: SendOptions,
  {
    destinations,
    streamClock,
    firsts,
  }: { destinations: readonly PaceDestination[]; streamClock: StreamClock; firsts: readonly number[] },
): Promise<Pacer> {
  const rates = ratesOf(plan);
  const cellsPerMs = plan.total.packetsPerSecond / 1000;
  const historyMs = Math.max(0, Math.min(HISTORY_MS, MAX_CELLS / cellsPerMs - AHEAD_MS));
  return openPacer({
    periods: rates.map((rate) =>
      periodOfFrames(plan.flows.find((flow) => flow.sampleRate === rate)!.framesPerPacket, rate),
    ),
    aheadMs: AHEAD_MS + historyMs,
    flows: plan.flows.map(({ sampleRate, framesPerPacket, payloadBytes }, index) => ({
      destinations: [destinations[index]!],
      grid: rates.indexOf(sampleRate),
      rtp: {
        sequence: firsts[index]!,
        timestamp: streamClock.startTimestamp(sampleRate),
        framesPerSlot: framesPerPacket,
      },
      packetBytes: 12 + payloadBytes,
    })),
  });
}

function ratesOf({ flows }: PacketPlan): number[] {
  return [...new Set(flows.map(({ sampleRate }) => sampleRate))];
}

function newPackers(
  { plan, tracks, isLoop }: SendOptions,
  parts: { flows: readonly SessionFlow[]; pacer: Pacer; lengths: ReadonlyMap<number, number> },
): FlowPacker[] {
  return ratesOf(plan).map((sampleRate) => {
    const totalFrames = parts.lengths.get(sampleRate)!;
    const readers = plan.tracks.map((track, index) =>
      track.sampleRate === sampleRate
        ? new TrackReader(tracks[index]!.file, { encoding: track.encoding, totalFrames, isLoop })
        : undefined,
    );
    const flows = plan.flows.flatMap((flow, index) =>
      flow.sampleRate === sampleRate
        ? [{ ...flow, ring: parts.pacer.rings[index]!, hasher: parts.flows[index]!.hasher }]
        : [],
    );
    const { framesPerPacket } = flows[0]!;
    return new FlowPacker({
      sampleRate,
      framesPerPacket,
      totalFrames: isLoop ? undefined : totalFrames,
      tracks: readers,
      flows,
    });
  });
}

function distinctSsrcs(count: number, random: () => number): number[] {
  const ssrcs = new Set<number>();
  while (ssrcs.size < count) ssrcs.add(Math.floor(random() * 2 ** 32));
  return [...ssrcs];
}

/** A session to this machine alone is announced on this machine alone. */
function newAnnouncer(options: SendOptions, facts: Places & { sdps: readonly string[] }): SapAnnouncer {
  const isLocal = addressKind(options.address) === 'loopback';
  const localAddress = isLocal ? '127.0.0.1' : options.localAddress;
  return new SapAnnouncer({
    sdps: facts.sdps,
    originAddress: facts.originAddress,
    localAddress: localAddress?.includes(':') ? undefined : localAddress,
    ttl: options.ttl,
    clock: options.clock,
    random: options.random,
    onProblem: (reason) => options.onNote(`Not announced by SAP: ${reason}. Receivers need the SDP files (--sdp DIR).`),
  });
}
