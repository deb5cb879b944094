/**
 * What the first packet of a logical Ogg stream tells.
 * @module
 */
import type { Codec } from '../../core/fragment.ts';

/** A codec in Ogg whose headers and times are known. */
export interface OggCodec {
  readonly codec: Codec;
  /** Hz, what granules count in. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Header packets, the first included; undefined when only a packet's content tells (see `isFlacAudio`). */
  readonly headerPackets: number | undefined;
  /** Samples at the start that a decoder drops. */
  readonly preSkip: number;
  /** Pages that a decoder needs before its output is right. */
  readonly primeFrames: number;
  /** About how many samples a packet holds; exact for Opus. */
  estimateSamples(packet: Buffer): number;
}

/** What FLAC's 20 bits can say. */
const MAX_SAMPLE_RATE = 1_048_575;

const OPUS_SAMPLE_RATE = 48000;
/** RFC 7845 section 4.6 asks for 80 ms before a place to start; one page is the least there is. */
export const OPUS_PRIME_FRAMES = 1;

/** Reads the first packet of Vorbis, Opus or FLAC; undefined for others and for headers that make no sense. */
export function identifyOggCodec(packet: Buffer): OggCodec | undefined {
  const found = vorbis(packet) ?? opus(packet) ?? flac(packet);
  const makesSense = found && found.sampleRate > 0 && found.sampleRate <= MAX_SAMPLE_RATE && found.channels > 0;
  return makesSense ? found : undefined;
}

/** Names of codecs in Ogg that are only passed on, for the note. */
const OTHER_CODECS: readonly (readonly [string, string])[] = [
  ['\x80theora', 'Theora video'],
  ['fishead\0', 'a Skeleton'],
  ['Speex   ', 'Speex'],
  ['\x80kate\0\0\0', 'Kate text'],
  ['BBCD\0', 'Dirac video'],
];

/** What the first packet is, for people. */
export function describeOggCodec(packet: Buffer): string {
  return OTHER_CODECS.find(([magic]) => startsWith(packet, magic))?.[1] ?? 'a codec that distream does not know';
}

function startsWith(packet: Buffer, magic: string): boolean {
  return packet.toString('latin1', 0, magic.length) === magic;
}

/** Vorbis I section 4.2.2. */
function vorbis(packet: Buffer): OggCodec | undefined {
  if (packet.length < 30 || !startsWith(packet, '\x01vorbis')) return undefined;
  const longBlock = 1 << (packet[28]! >> 4);
  return {
    codec: 'vorbis',
    sampleRate: packet.readUInt32LE(12),
    channels: packet[11]!,
    headerPackets: 3,
    preSkip: 0,
    primeFrames: 0,
    // Blocks overlap by half.
    estimateSamples: () => longBlock / 2,
  };
}

/** RFC 7845 section 5.1. */
function opus(packet: Buffer): OggCodec | undefined {
  if (packet.length < 19 || !startsWith(packet, 'OpusHead')) return undefined;
  return {
    codec: 'opus',
    sampleRate: OPUS_SAMPLE_RATE,
    channels: packet[9]!,
    headerPackets: 2,
    preSkip: packet.readUInt16LE(10),
    primeFrames: OPUS_PRIME_FRAMES,
    estimateSamples: opusSamples,
  };
}

/** Durations in samples at 48 kHz of the SILK and CELT configurations (RFC 6716 section 3.1). */
const SILK_SAMPLES = [480, 960, 1920, 2880];
const CELT_SAMPLES = [120, 240, 480, 960];
const MAX_OPUS_SAMPLES = 5760;

/** The length of an Opus packet, by its first two bytes (RFC 6716 section 3.1). */
export function opusSamples(packet: Buffer): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const config = toc >> 3;
  const samples =
    config < 12 ? SILK_SAMPLES[config & 3]! : config < 16 ? 480 << (config & 1) : CELT_SAMPLES[config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  return Math.min(samples * frames, MAX_OPUS_SAMPLES);
}

/** RFC 9639 section 10.1: a mapping header, then `fLaC` and STREAMINFO. */
function flac(packet: Buffer): OggCodec | undefined {
  if (packet.length < 51 || !startsWith(packet, '\x7fFLAC') || packet.toString('latin1', 9, 13) !== 'fLaC')
    return undefined;
  const followingHeaders = packet.readUInt16BE(7);
  const blockSamples = packet.readUInt16BE(19);
  return {
    codec: 'flac',
    sampleRate: packet.readUIntBE(27, 3) >> 4,
    channels: ((packet[29]! >> 1) & 7) + 1,
    headerPackets: followingHeaders === 0 ? undefined : followingHeaders + 1,
    preSkip: 0,
    primeFrames: 0,
    estimateSamples: () => blockSamples,
  };
}

/** Every FLAC frame begins with its sync code; no metadata block does (type 127 is forbidden). */
const FLAC_FRAME_BYTE = 0xff;

/** True when a FLAC packet is audio. For streams that do not tell how many headers they have. */
export function isFlacAudio(firstByte: number | undefined): boolean {
  return firstByte === FLAC_FRAME_BYTE;
}
