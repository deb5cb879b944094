/**
 * MPEG audio frame headers (ISO 11172-3 section 2.4.2.3, ISO 13818-3, and the
 * unofficial MPEG 2.5 with half the rates).
 * @module
 */

/** MPEG-1, MPEG-2 (half sample rates) or MPEG 2.5 (a quarter). */
export type MpegVersion = 1 | 2 | 2.5;

/** One frame header. */
export interface Mp3Header {
  readonly version: MpegVersion;
  readonly layer: 1 | 2 | 3;
  /** 0 for free format: the header does not say the length. */
  readonly bitrateKbps: number;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** A CRC of 16 bits follows the header; it is part of the frame. */
  readonly hasCrc: boolean;
  /** The whole frame with its header; 0 for free format. */
  readonly frameBytes: number;
  /** Samples for each channel. */
  readonly samples: number;
}

/** Bytes of a frame header, without the CRC. */
export const MP3_HEADER_BYTES = 4;

const VERSIONS: readonly (MpegVersion | undefined)[] = [2.5, undefined, 2, 1];
const LAYERS = [undefined, 3, 2, 1] as const;
const SAMPLE_RATES = [44100, 48000, 32000];

const MPEG1_KBPS: Readonly<Record<1 | 2 | 3, readonly number[]>> = {
  1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
};
const MPEG2_LAYER1_KBPS = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

const MONO = 3;
const RESERVED_EMPHASIS = 2;

/** Reads the header at `offset`, or undefined when there is none: too few bytes, no sync word, a reserved value. */
export function parseMp3Header(buffer: Buffer, offset: number): Mp3Header | undefined {
  if (offset + MP3_HEADER_BYTES > buffer.length) return undefined;
  const second = buffer[offset + 1]!;
  if (buffer[offset] !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  const third = buffer[offset + 2]!;
  const fourth = buffer[offset + 3]!;
  const version = VERSIONS[(second >> 3) & 3];
  const layer = LAYERS[(second >> 1) & 3];
  const fullRate = SAMPLE_RATES[(third >> 2) & 3];
  if (version === undefined || layer === undefined || fullRate === undefined) return undefined;
  const bitrateKbps = kbpsTable(version, layer)[third >> 4];
  if (bitrateKbps === undefined || (fourth & 3) === RESERVED_EMPHASIS) return undefined;
  const sampleRate = version === 1 ? fullRate : version === 2 ? fullRate / 2 : fullRate / 4;
  const samples = samplesPerFrame(version, layer);
  const padding = (third >> 1) & 1;
  return {
    version,
    layer,
    bitrateKbps,
    sampleRate,
    channels: fourth >> 6 === MONO ? 1 : 2,
    hasCrc: (second & 1) === 0,
    frameBytes: bitrateKbps === 0 ? 0 : frameBytes(layer, samples, bitrateKbps, sampleRate, padding),
    samples,
  };
}

function kbpsTable(version: MpegVersion, layer: 1 | 2 | 3): readonly number[] {
  if (version === 1) return MPEG1_KBPS[layer];
  return layer === 1 ? MPEG2_LAYER1_KBPS : MPEG2_KBPS;
}

function samplesPerFrame(version: MpegVersion, layer: 1 | 2 | 3): number {
  if (layer === 1) return 384;
  return layer === 3 && version !== 1 ? 576 : 1152;
}

/** Layer I counts in slots of 4 bytes, the others in bytes. */
function frameBytes(layer: number, samples: number, kbps: number, sampleRate: number, padding: number): number {
  const slotBytes = layer === 1 ? 4 : 1;
  return (Math.floor((samples * kbps * 125) / sampleRate / slotBytes) + padding) * slotBytes;
}

/** Bytes of a Layer III frame's header, CRC and side information: what the reservoir cannot use (section 2.4.1.7). */
export function layer3OverheadBytes(header: Mp3Header): number {
  const sideBytes = header.version === 1 ? (header.channels === 1 ? 17 : 32) : header.channels === 1 ? 9 : 17;
  return MP3_HEADER_BYTES + (header.hasCrc ? 2 : 0) + sideBytes;
}
