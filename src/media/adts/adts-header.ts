/**
 * ADTS headers of AAC (ISO 13818-7 section 6.2, ISO 14496-3 section 1.A.3).
 * @module
 */

/** One frame header. */
export interface AdtsHeader {
  /** 4 for MPEG-4 AAC, 2 for MPEG-2 AAC. */
  readonly mpegVersion: 2 | 4;
  /** Audio object type: 1 Main, 2 LC, 3 SSR, 4 LTP. HE-AAC says LC, its SBR is inside. */
  readonly objectType: number;
  /** Rate of the core codec; HE-AAC plays at twice that. */
  readonly sampleRate: number;
  /** undefined when the channels are told inside the frame (configuration 0). */
  readonly channels: number | undefined;
  /** 7, or 9 with a CRC. */
  readonly headerBytes: number;
  /** The whole frame with its header; never less than the header. */
  readonly frameBytes: number;
  /** Samples for each channel at `sampleRate`: 1024 for each raw data block. */
  readonly samples: number;
}

/** Bytes of an ADTS header without the CRC. */
export const ADTS_HEADER_BYTES = 7;

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8];
const SAMPLES_PER_BLOCK = 1024;

/** Reads the header at `offset`, or undefined when there is none: too few bytes, no sync word, a reserved rate, a length below the header's. */
export function parseAdtsHeader(buffer: Buffer, offset: number): AdtsHeader | undefined {
  if (offset + ADTS_HEADER_BYTES > buffer.length) return undefined;
  const second = buffer[offset + 1]!;
  // The sync word, and the layer, which is always 0.
  if (buffer[offset] !== 0xff || (second & 0xf6) !== 0xf0) return undefined;
  const third = buffer[offset + 2]!;
  const fourth = buffer[offset + 3]!;
  const seventh = buffer[offset + 6]!;
  const sampleRate = SAMPLE_RATES[(third >> 2) & 15];
  if (sampleRate === undefined) return undefined;
  const headerBytes = second & 1 ? ADTS_HEADER_BYTES : ADTS_HEADER_BYTES + 2;
  const frameBytes = ((fourth & 3) << 11) | (buffer[offset + 4]! << 3) | (buffer[offset + 5]! >> 5);
  if (frameBytes < headerBytes) return undefined;
  return {
    mpegVersion: second & 8 ? 2 : 4,
    objectType: (third >> 6) + 1,
    sampleRate,
    channels: CHANNELS[((third & 1) << 2) | (fourth >> 6)],
    headerBytes,
    frameBytes,
    samples: ((seventh & 3) + 1) * SAMPLES_PER_BLOCK,
  };
}
