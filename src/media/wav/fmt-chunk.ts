/**
 * The `fmt ` chunk: WAVEFORMAT, WAVEFORMATEX and WAVEFORMATEXTENSIBLE (Microsoft, mmreg.h).
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { frameBytesOf, type PcmFormat } from './pcm-format.ts';

/** The most bytes of a `fmt ` chunk that mean something for PCM. */
export const FMT_MAX_BYTES = 40;

const TAG_PCM = 1;
const TAG_FLOAT = 3;
const TAG_EXTENSIBLE = 0xfffe;
const PLAIN_BYTES = 16;
/** The SubFormat GUID after its first two bytes, which are a format tag: 0000-0000-0010-8000-00AA00389B71. */
const GUID_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');
/** Ambisonic B-format names its samples by GUIDs of its own (Dobson): SUBTYPE_AMBISONIC_B_FORMAT_PCM and _IEEE_FLOAT. */
const AMBISONIC_TAIL = Buffer.from('00002107d3118644c8c1ca000000', 'hex');
/** 32 times 48 kHz: above the fastest PCM that is in use. */
const MAX_SAMPLE_RATE = 1_536_000;

const COMPRESSED: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  6: 'A-law',
  7: 'mu-law',
  17: 'IMA ADPCM',
  22: 'G.723 ADPCM',
  49: 'GSM 6.10',
  69: 'G.726 ADPCM',
  80: 'MPEG audio',
  85: 'MP3',
  146: 'AC-3',
  255: 'AAC',
  352: 'Windows Media Audio',
  353: 'Windows Media Audio',
  354: 'Windows Media Audio',
  355: 'Windows Media Audio',
  624: 'ATRAC',
  22127: 'Vorbis',
  26447: 'Vorbis',
  26481: 'Vorbis',
  41222: 'AAC',
  61868: 'FLAC',
};

/** What a `fmt ` chunk says. */
export interface WavFormat {
  readonly format: PcmFormat;
  /** Bits of a sample that carry sound, the highest ones; the others are 0. */
  readonly validBits: number;
}

/** Reads the body of a `fmt ` chunk. Throws ProtocolViolation with a reason for people when it is not PCM of 16 to 32 bits. */
export function parseFmt(body: Buffer): WavFormat {
  if (body.length < PLAIN_BYTES)
    throw new ProtocolViolation(`the format chunk has ${body.length} bytes, not 16 or more`);
  const tag = sampleTag(body);
  const channels = body.readUInt16LE(2);
  const sampleRate = body.readUInt32LE(4);
  const blockAlign = body.readUInt16LE(12);
  const bits = body.readUInt16LE(14);
  if (channels === 0) throw new ProtocolViolation('the format chunk names no channels');
  if (sampleRate === 0 || sampleRate > MAX_SAMPLE_RATE) {
    throw new ProtocolViolation(`the format chunk names a sample rate of ${sampleRate} Hz`);
  }
  const format = { sampleRate, channels, bitsPerSample: containerBits(tag, bits), isFloat: tag === TAG_FLOAT };
  if (blockAlign !== frameBytesOf(format)) {
    const expected = `${frameBytesOf(format)} for ${channels} channels of ${bits} bit`;
    throw new ProtocolViolation(`the format chunk says ${blockAlign} bytes a sample frame, not ${expected}`);
  }
  return { format, validBits: validBitsOf(body, bits) };
}

function sampleTag(body: Buffer): number {
  const outer = body.readUInt16LE(0);
  if (outer !== TAG_EXTENSIBLE) return pcmTag(outer);
  if (body.length < FMT_MAX_BYTES) throw new ProtocolViolation('the extensible format chunk is cut short');
  const tail = body.subarray(26, 40);
  if (!tail.equals(GUID_TAIL) && !tail.equals(AMBISONIC_TAIL)) {
    throw new ProtocolViolation('the samples are of an unknown kind (its GUID is not one of PCM)');
  }
  return pcmTag(body.readUInt16LE(24));
}

function pcmTag(tag: number): number {
  if (tag === TAG_PCM || tag === TAG_FLOAT) return tag;
  const name = COMPRESSED[tag] ?? `an unknown kind (format tag 0x${tag.toString(16).padStart(4, '0')})`;
  throw new ProtocolViolation(`the samples are compressed or of another kind: ${name}`);
}

function containerBits(tag: number, bits: number): PcmFormat['bitsPerSample'] {
  if (tag === TAG_FLOAT) {
    if (bits === 32) return 32;
    throw new ProtocolViolation(`the samples are float of ${bits} bit; only 32 bit is known`);
  }
  if (bits > 8 && bits <= 16) return 16;
  if (bits > 16 && bits <= 24) return 24;
  if (bits > 24 && bits <= 32) return 32;
  throw new ProtocolViolation(`the samples have ${bits} bit; 16, 24 and 32 are known`);
}

function validBitsOf(body: Buffer, bits: number): number {
  if (body.readUInt16LE(0) !== TAG_EXTENSIBLE) return bits;
  const valid = body.readUInt16LE(18);
  return valid > 0 && valid <= bits ? valid : bits;
}

const FRONT_CENTRE = 4;
const FRONT_LEFT_AND_RIGHT = 3;

/**
 * The body of a `fmt ` chunk for integer PCM: 16 bytes, or 40 (extensible) for more than two channels or more than 16
 * bits, where Microsoft's rule asks for it since the plain form does not say how channels and bits are meant.
 * More than two channels name no speakers: tracks are not places in a room.
 */
export function buildFmt(format: PcmFormat): Buffer {
  const { sampleRate, channels, bitsPerSample } = format;
  const isExtensible = channels > 2 || bitsPerSample > 16;
  const body = Buffer.alloc(isExtensible ? FMT_MAX_BYTES : PLAIN_BYTES);
  body.writeUInt16LE(isExtensible ? TAG_EXTENSIBLE : TAG_PCM, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(sampleRate, 4);
  body.writeUInt32LE(Math.min(0xffffffff, sampleRate * frameBytesOf(format)), 8);
  body.writeUInt16LE(frameBytesOf(format), 12);
  body.writeUInt16LE(bitsPerSample, 14);
  if (!isExtensible) return body;
  body.writeUInt16LE(22, 16);
  body.writeUInt16LE(bitsPerSample, 18);
  body.writeUInt32LE(channels === 1 ? FRONT_CENTRE : channels === 2 ? FRONT_LEFT_AND_RIGHT : 0, 20);
  body.writeUInt16LE(TAG_PCM, 24);
  GUID_TAIL.copy(body, 26);
  return body;
}
