import { DistreamError } from '../../core/errors.ts';
import { randomHex } from '../../core/random.ts';
import { addressKind } from '../../protocols/sdp/ip-address.ts';
import { NtpClient } from '../ntp-client.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';
import type { Pacer } from '../pace/pacer.ts';
import { servedSession } from '../repair/serve-session.ts';
import { SteadyUtc } from '../steady-utc.ts';
import { SapAnnouncer } from './announcer.ts';
import { type DescribedSession, describeSession, profileVerdict, writeDescriptions } from './describe-session.ts';
import { flowDestinations, localAddressTowards } from './destinations.ts';
import { FlowPacker } from './flow-packer.ts';
import { openFlows, ratesOf, type SessionFlow } from './open-flows.ts';
import { SessionRedundancy } from './redundancy/session-redundancy.ts';
import { RtcpChannel } from './rtcp-channel.ts';
import { openGroupSockets, openRtcpSocket } from './rtcp-socket.ts';
import { SendSession } from './send-session.ts';
import { senderClock } from './sender-clock.ts';
import { sessionLengths } from './session-length.ts';
import type { SendOptions } from './session-options.ts';
import { startClock, waitForStart } from './session-start.ts';
import type { StreamClock } from './stream-clock.ts';
import { TrackLevels } from './track-levels.ts';
import { TrackReader } from './track-reader.ts';

/** Where flows go, and from where. */
interface Places {
  readonly destinations: readonly (readonly PaceDestination[])[];
  readonly originAddresses: readonly string[];
}

/**
 * Opens all that a session needs, once its start is near. Answers undefined when `signal` aborted before.
 * @throws DistreamError PLAN_REFUSED, UNREACHABLE, MULTICAST_UNAVAILABLE, ADDRESS_UNAVAILABLE, PORT_IN_USE, RECORDING_FAILED, USAGE
 */
export async function openSendSession(options: SendOptions): Promise<SendSession | undefined> {
  const { clock, signal, isLoop } = options;
  const lengths = sessionLengths(options.tracks.map(({ file }) => file.head));
  if (isLoop && lengths.size > 1) {
    throw new DistreamError('USAGE', { reason: 'tracks of different sample rates cannot be looped together' });
  }
  const places = await findPlaces(options);
  checkProfile(options, places);
  await waitForStart(options);
  if (signal.aborted) return undefined;
  const utc = SteadyUtc.read(clock);
  const ntp = await openNtp(options, utc);
  try {
    const streamClock = startClock(options, { utc, ntp });
    return await openParts(options, { places, lengths, streamClock, ntp });
  } catch (error) {
    ntp?.close();
    throw error;
  }
}

/** What a profile has a say in. */
export type ProfiledOptions = Pick<
  SendOptions,
  'name' | 'plan' | 'networks' | 'port' | 'ttl' | 'redundancy' | 'profile' | 'ntpServer' | 'ptpClock' | 'onNote'
>;

/**
 * Whether the profile's receivers take what is planned; tells what they may lack.
 * @throws DistreamError PLAN_REFUSED, and what says that there is no way to the network
 */
export async function checkPlannedProfile(options: ProfiledOptions): Promise<void> {
  checkProfile(options, await findPlaces(options));
}

interface OpenedBefore {
  readonly places: Places;
  readonly lengths: ReadonlyMap<number, number>;
  readonly streamClock: StreamClock;
  readonly ntp: NtpClient | undefined;
}

async function openParts(options: SendOptions, opened: OpenedBefore): Promise<SendSession> {
  const { plan, clock, random, isLoop, redundancy: mode } = options;
  const { places, lengths, streamClock, ntp } = opened;
  const { mediaClockOffset, startUtcMs } = streamClock;
  const facts = { ...descriptionFacts(options, places), repair: options.repair?.offer };
  const descriptions = describeSession({ ...facts, mediaClockOffset, startUtcMs });
  const files = options.sdpFolder === undefined ? [] : await writeDescriptions(options.sdpFolder, descriptions);
  const { destinations } = places;
  const { pacer, flows } = await openFlows({
    plan,
    destinations,
    hasRedundancy: mode !== 'none',
    streamClock,
    random,
  });
  try {
    const cname = `${randomHex(random, 12)}@distream`;
    const sockets = await Promise.all(destinations[0]!.map(openRtcpSocket));
    const groupSockets = await openGroupSockets(destinations);
    const statistics = () => pacer.statistics().flows;
    const levels = new TrackLevels(plan.tracks);
    const problems = new Map<number, string>();
    const packers = newPackers(options, { flows, pacer, lengths, levels, problems });
    options.repair?.serve(
      servedSession({
        id: options.repair.offer.session,
        name: options.name,
        plan,
        tracks: options.tracks.map(({ file }) => file),
        lengths,
        isLoop,
        ssrcs: flows.map(({ ssrc }) => ssrc),
        startTimestamp: (sampleRate) => streamClock.startTimestamp(sampleRate),
        clock: () =>
          senderClock({ ntpServer: options.ntpServer, ptpClock: options.ptpClock, estimate: ntp?.estimate() }),
        progress: () => packers,
      }),
    );
    return new SendSession({
      plan,
      name: options.name,
      cname,
      flows,
      pacer,
      packers,
      rtcp: new RtcpChannel({ flows, sockets, groupSockets, cname, streamClock, clock, random, statistics }),
      announcers: options.isAnnounced
        ? newAnnouncers(
            options,
            places,
            descriptions.flows.map(({ sdp }) => sdp),
          )
        : [],
      redundancy: newRedundancy(options, { flows, pacer }),
      levels,
      problems,
      streamClock,
      ntp,
      ntpServer: options.ntpServer,
      ptpClock: options.ptpClock,
      descriptionFiles: files,
      totalSeconds: isLoop ? undefined : Math.max(...[...lengths].map(([rate, frames]) => frames / rate)),
      clock,
    });
  } catch (error) {
    await pacer.stop();
    throw error;
  }
}

async function findPlaces({ networks, plan, port, ttl }: ProfiledOptions): Promise<Places> {
  const originAddresses = await Promise.all(
    networks.map(({ address, localAddress }) => localAddressTowards(address, localAddress)),
  );
  const byNetwork = networks.map((network) => flowDestinations(plan.flows.length, { ...network, port, ttl }));
  const destinations = plan.flows.map((_, flow) => byNetwork.map((each) => each[flow]!));
  return { destinations, originAddresses };
}

function descriptionFacts(
  { name, plan, profile, ntpServer, ptpClock, redundancy: mode }: ProfiledOptions,
  places: Places,
): Omit<DescribedSession, 'mediaClockOffset' | 'startUtcMs'> {
  const ownClock = ntpServer === undefined ? { kind: 'local' as const } : { kind: 'ntp' as const, server: ntpServer };
  const referenceClock = ptpClock ?? ownClock;
  return { name, plan, profile, referenceClock, redundancy: mode === 'none' ? undefined : { mode }, ...places };
}

function checkProfile(options: ProfiledOptions, places: Places): void {
  const facts = { ...descriptionFacts(options, places), mediaClockOffset: 0, startUtcMs: 0 };
  const { refusals, notes } = profileVerdict(facts);
  if (refusals.length > 0) {
    const hint = `Change what it names, or use --profile plain.`;
    throw new DistreamError('PLAN_REFUSED', { reason: refusals.join(' ').replace(/\.$/, ''), hint });
  }
  for (const note of notes) options.onNote(note);
}

async function openNtp({ ntpServer, clock, random }: SendOptions, utc: SteadyUtc): Promise<NtpClient | undefined> {
  return ntpServer === undefined ? undefined : NtpClient.open({ server: ntpServer, clock, utc, random });
}

interface PackerParts {
  readonly flows: readonly SessionFlow[];
  readonly pacer: Pacer;
  readonly lengths: ReadonlyMap<number, number>;
  readonly levels: TrackLevels;
  readonly problems: Map<number, string>;
}

function newPackers(options: SendOptions, parts: PackerParts): FlowPacker[] {
  const { plan, tracks, isLoop, onNote } = options;
  return ratesOf(plan).map((sampleRate) => {
    const totalFrames = parts.lengths.get(sampleRate)!;
    const readers = plan.tracks.map((track, index) => {
      if (track.sampleRate !== sampleRate) return undefined;
      const onProblem = ({ message }: DistreamError) => {
        parts.problems.set(index, message);
        onNote(`${message}. Silence is sent in its place; the other tracks go on.`);
      };
      return new TrackReader(tracks[index]!.file, { encoding: track.encoding, totalFrames, isLoop, onProblem });
    });
    const flows = plan.flows.flatMap((flow, index) => {
      const { hasher, redundancy } = parts.flows[index]!;
      return flow.sampleRate === sampleRate ? [{ ...flow, ring: parts.pacer.rings[index]!, hasher, redundancy }] : [];
    });
    return new FlowPacker({
      sampleRate,
      framesPerPacket: flows[0]!.framesPerPacket,
      totalFrames: isLoop ? undefined : totalFrames,
      tracks: readers,
      flows,
      levels: parts.levels,
    });
  });
}

function newRedundancy(
  { plan, clock, redundancy: mode, onNote }: SendOptions,
  { flows, pacer }: { flows: readonly SessionFlow[]; pacer: Pacer },
): SessionRedundancy {
  return new SessionRedundancy({
    mode,
    flows: flows.flatMap(({ redundancy }) => redundancy ?? []),
    packetTimeMs: plan.flows[0]!.packetTimeUs / 1000,
    clock,
    onNote,
    losses: () => {
      const { flows: statistics } = pacer.statistics();
      return flows.map(({ feedback, destinations }, index) => ({
        sent: statistics[index]!.sent / destinations.length,
        askedPackets: feedback.losses.packets,
        askedRuns: feedback.losses.runs,
        reportedFraction: Math.max(0, ...feedback.receivers(clock.nowMs()).map(({ fractionLost }) => fractionLost)),
      }));
    },
  });
}

/** One for each network. A session to this machine alone is announced on this machine alone. */
function newAnnouncers(options: SendOptions, places: Places, sdps: readonly string[]): SapAnnouncer[] {
  return options.networks.map(({ address, localAddress }, network) => {
    const from = addressKind(address) === 'loopback' ? '127.0.0.1' : localAddress;
    return new SapAnnouncer({
      sdps,
      originAddress: places.originAddresses[network]!,
      localAddress: from?.includes(':') ? undefined : from,
      ttl: options.ttl,
      clock: options.clock,
      random: options.random,
      onProblem: (reason) =>
        options.onNote(`Not announced by SAP: ${reason}. Receivers need the SDP files (--sdp DIR).`),
    });
  });
}
