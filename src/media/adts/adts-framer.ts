import type { StreamFormat } from '../../core/fragment.ts';
import { type SyncCodec, SyncFramer } from '../sync/sync-framer.ts';
import { ADTS_HEADER_BYTES, type AdtsHeader, parseAdtsHeader } from './adts-header.ts';

/** The overlap of the transform spoils the first frame; one more for the tools that remember. */
export const ADTS_PRIME_FRAMES = 2;

function formatOf([header]: readonly AdtsHeader[]): StreamFormat {
  return {
    contentType: 'audio/aac',
    codec: 'aac',
    sampleRate: header?.sampleRate,
    channels: header?.channels,
    headers: Buffer.alloc(0),
    primeFrames: ADTS_PRIME_FRAMES,
    latticeBytes: undefined,
  };
}

const adtsCodec: SyncCodec<AdtsHeader> = {
  name: 'AAC',
  contentType: 'audio/aac',
  headerBytes: ADTS_HEADER_BYTES,
  parse: parseAdtsHeader,
  consistent: (a, b) =>
    a.mpegVersion === b.mpegVersion &&
    a.objectType === b.objectType &&
    a.sampleRate === b.sampleRate &&
    a.channels === b.channels,
  formatOf,
  infoFrame: () => 'none',
};

/** Frames of AAC in ADTS: LC, and HE with its SBR inside. Durations are by the rate of the core codec, which gives the right time for both. */
export class AdtsFramer extends SyncFramer<AdtsHeader> {
  constructor() {
    super(adtsCodec);
  }
}
