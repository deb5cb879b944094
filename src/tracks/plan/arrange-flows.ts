import { type Encoding, encodingBytes } from '../types.ts';
import { framesPerPacketOf, wireBits } from './packet-size.ts';
import type { FlowLayout } from './request.ts';
import type { PlannedFlow, PlannedTrack } from './schema.ts';

/** The most channels that receivers of AES67 must take (section 7.3). */
export const MAX_FLOW_CHANNELS = 8;

interface Draft {
  readonly encoding: Encoding;
  readonly sampleRate: number;
  readonly sources: PlannedFlow['sources'];
}

/** Divides the channels of the tracks among flows: tracks of one rate and encoding together, in their order. */
export function arrangeFlows(
  tracks: readonly PlannedTrack[],
  options: { layout: FlowLayout; ptimeUs: number; ipVersion: 4 | 6 },
): PlannedFlow[] {
  const { layout } = options;
  const most = layout === 'mono' ? 1 : layout === 'track' ? MAX_FLOW_CHANNELS : layout;
  const drafts: Draft[] = [];
  const open = new Map<string, Draft>();
  for (const [index, track] of tracks.entries()) {
    const kind = `${track.sampleRate} ${track.encoding}`;
    for (let first = 0; first < track.channels; first += most) {
      const source = { track: index, firstChannel: first, channels: Math.min(most, track.channels - first) };
      const shared = layout === 'track' ? undefined : open.get(kind);
      if (shared && channelsOf(shared) + source.channels <= most) {
        shared.sources.push(source);
        continue;
      }
      const draft = { encoding: track.encoding, sampleRate: track.sampleRate, sources: [source] };
      drafts.push(draft);
      open.set(kind, draft);
    }
  }
  return drafts.map((draft) => finish(draft, options));
}

function channelsOf({ sources }: Draft): number {
  return sources.reduce((sum, { channels }) => sum + channels, 0);
}

function finish(draft: Draft, { ptimeUs, ipVersion }: { ptimeUs: number; ipVersion: 4 | 6 }): PlannedFlow {
  const { encoding, sampleRate, sources } = draft;
  const channels = channelsOf(draft);
  const framesPerPacket = framesPerPacketOf(sampleRate, ptimeUs);
  const payloadBytes = framesPerPacket * channels * encodingBytes(encoding);
  const packetsPerSecond = sampleRate / framesPerPacket;
  return {
    encoding,
    sampleRate,
    channels,
    sources,
    framesPerPacket,
    packetTimeUs: (framesPerPacket * 1e6) / sampleRate,
    payloadBytes,
    packetsPerSecond,
    megabitsPerSecond: (wireBits(payloadBytes, ipVersion) * packetsPerSecond) / 1e6,
  };
}
