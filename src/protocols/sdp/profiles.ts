/** What the receivers of each kind ask of a stream and of its description. */
import type { PcmEncoding } from './flows.ts';

/** The largest RTP payload that fits into a datagram of 1500 bytes over IPv6 too (AES67). */
export const MAX_PAYLOAD_BYTES = 1440;

/** For whom a description is written. */
export type ProfileName = 'aes67' | 'dante' | 'plain';

/** The rules of a profile. */
export interface SdpProfile {
  readonly name: ProfileName;
  /** In words, for messages. */
  readonly title: string;
  /** Undefined: any. */
  readonly sampleRates?: readonly number[];
  readonly encodings: readonly PcmEncoding[];
  readonly maxChannels: number;
  /** Sample frames in a packet at 44.1 and 48 kHz; twice as many at 88.2 and 96 kHz. Undefined: any. */
  readonly framesPerPacket?: readonly number[];
  /** Whether receivers follow nothing but PTP. */
  readonly needsPtp: boolean;
  /** Whether receivers are known to leave out streams with a source filter. */
  readonly forbidsSourceFilter: boolean;
  /** Whether one description may have several streams. */
  readonly allowsSeveralFlows: boolean;
  /** Whether `framecount`, `sync-time` and `clock-domain` are written, for older RAVENNA receivers. */
  readonly hasRavennaLines: boolean;
  /** Where receivers look for multicast, unless they are set otherwise. */
  readonly multicastPrefix?: string;
}

/**
 * `aes67`: AES67 and RAVENNA receivers. `dante`: Dante devices in their AES67 mode. `plain`: players such as VLC,
 * ffplay and GStreamer, and our own recorder.
 */
export const SDP_PROFILES: Readonly<Record<ProfileName, SdpProfile>> = {
  aes67: {
    name: 'aes67',
    title: 'AES67',
    sampleRates: [44_100, 48_000, 96_000],
    encodings: ['L16', 'L24'],
    maxChannels: 8,
    framesPerPacket: [6, 12, 16, 48, 192],
    needsPtp: true,
    forbidsSourceFilter: false,
    allowsSeveralFlows: true,
    hasRavennaLines: true,
  },
  dante: {
    name: 'dante',
    title: 'Dante in AES67 mode',
    sampleRates: [48_000],
    encodings: ['L16', 'L24'],
    maxChannels: 8,
    framesPerPacket: [48],
    needsPtp: true,
    forbidsSourceFilter: true,
    allowsSeveralFlows: false,
    hasRavennaLines: false,
    multicastPrefix: '239.69.',
  },
  plain: {
    name: 'plain',
    title: 'plain RTP',
    encodings: ['L16', 'L24'],
    maxChannels: 480,
    needsPtp: false,
    forbidsSourceFilter: false,
    allowsSeveralFlows: true,
    hasRavennaLines: false,
  },
};

/** What a stream is, for the rules. */
export interface FlowShape {
  readonly address: string;
  readonly encoding: PcmEncoding;
  readonly sampleRate: number;
  readonly channels: number;
  /** Unknown in some foreign descriptions. */
  readonly framesPerPacket?: number;
  readonly hasPtp: boolean;
  readonly hasSourceFilter: boolean;
}

/** Which rules of a profile a stream breaks, each in one sentence; empty when none. */
export function profileProblems(flow: FlowShape, profile: SdpProfile): string[] {
  const { title, sampleRates, encodings, maxChannels, multicastPrefix } = profile;
  const problems: string[] = [];
  if (sampleRates && !sampleRates.includes(flow.sampleRate)) {
    problems.push(`${title} takes ${sampleRates.join(', ')} Hz, not ${flow.sampleRate} Hz.`);
  }
  if (!encodings.includes(flow.encoding)) problems.push(`${title} takes ${encodings.join(' and ')}.`);
  if (flow.channels > maxChannels) {
    problems.push(`${title} receivers take up to ${maxChannels} channels in a stream, not ${flow.channels}.`);
  }
  problems.push(...packetProblems(flow, profile));
  if (profile.needsPtp && !flow.hasPtp) {
    problems.push(`${title} receivers lock to PTP only; this stream names no PTP clock (ts-refclk).`);
  }
  if (profile.forbidsSourceFilter && flow.hasSourceFilter) {
    problems.push(`${title} receivers are known to hide a stream that has a source-filter.`);
  }
  if (multicastPrefix && !flow.address.startsWith(multicastPrefix)) {
    problems.push(
      `${title} receivers look in ${multicastPrefix}0.0/16 unless they are set otherwise, not at ${flow.address}.`,
    );
  }
  return problems;
}

function packetProblems(flow: FlowShape, profile: SdpProfile): string[] {
  const frames = flow.framesPerPacket;
  if (frames === undefined) return [];
  const problems: string[] = [];
  const allowed = profile.framesPerPacket?.map((each) => each * (flow.sampleRate > 48_000 ? 2 : 1));
  if (allowed && !allowed.includes(frames)) {
    problems.push(`${profile.title} takes ${allowed.join(', ')} sample frames in a packet, not ${frames}.`);
  }
  const bytes = frames * flow.channels * (flow.encoding === 'L16' ? 2 : 3);
  if (bytes > MAX_PAYLOAD_BYTES) {
    problems.push(`A packet holds ${bytes} bytes of audio; more than ${MAX_PAYLOAD_BYTES} would be cut up on its way.`);
  }
  return problems;
}
