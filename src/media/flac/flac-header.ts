/**
 * The headers of native FLAC: STREAMINFO (RFC 9639 section 8.2) and those of frames (section 9.1).
 * @module
 */
import { flacCrc8 } from './flac-crc.ts';

/** What STREAMINFO says of all frames. */
export interface FlacStreamInfo {
  /** Most samples of a frame, for each channel. */
  readonly maxBlockSamples: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
}

/** What the header of a frame says. */
export interface FlacFrameHeader {
  /** For each channel. */
  readonly samples: number;
  readonly headerBytes: number;
}

/** Bytes of STREAMINFO without the header of its block. */
export const STREAM_INFO_BYTES = 34;
/** Where in it the count of all samples is (its highest 4 bits share a byte), and the MD5 of them behind. */
const TOTAL_SAMPLES_OFFSET = 13;

/** The longest header of a frame: 4 bytes, a number of up to 7, two sizes of 2, and the CRC-8. */
export const MAX_FRAME_HEADER_BYTES = 16;

const MIN_BLOCK_SAMPLES = 16;

const SAMPLE_RATES = [88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];
const SAMPLE_BITS = [undefined, 8, 12, undefined, 16, 20, 24, 32];

/** Reads the 34 bytes of a STREAMINFO; undefined when they make no sense. */
export function parseStreamInfo(block: Buffer): FlacStreamInfo | undefined {
  const minBlockSamples = block.readUInt16BE(0);
  const maxBlockSamples = block.readUInt16BE(2);
  const sampleRate = block.readUIntBE(10, 3) >> 4;
  const channels = ((block[12]! >> 1) & 7) + 1;
  const bitsPerSample = (((block[12]! & 1) << 4) | (block[13]! >> 4)) + 1;
  const makesSense = minBlockSamples >= MIN_BLOCK_SAMPLES && maxBlockSamples >= minBlockSamples && bitsPerSample >= 4;
  return makesSense && sampleRate > 0 ? { maxBlockSamples, sampleRate, channels, bitsPerSample } : undefined;
}

/** The same STREAMINFO for a stream without an end: the count of samples and their MD5 are told as unknown, by zeros. */
export function endlessStreamInfo(block: Buffer): Buffer {
  const endless = Buffer.from(block);
  endless[TOTAL_SAMPLES_OFFSET]! &= 0xf0;
  endless.fill(0, TOTAL_SAMPLES_OFFSET + 1);
  return endless;
}

/** Reads the frame header at `offset`; undefined when none of that stream is there, or it is not whole. */
export function parseFlacFrameHeader(
  buffer: Buffer,
  offset: number,
  info: FlacStreamInfo,
): FlacFrameHeader | undefined {
  // The sync code and a reserved 0; the last bit is the blocking strategy.
  if (offset + 6 > buffer.length || buffer[offset] !== 0xff || (buffer[offset + 1]! & 0xfe) !== 0xf8) return undefined;
  const codes = buffer[offset + 2]!;
  if (!fitsStream(buffer[offset + 3]!, info)) return undefined;
  const numberBytes = codedNumberBytes(buffer, offset + 4);
  if (numberBytes === 0) return undefined;
  const samplesAt = offset + 4 + numberBytes;
  const samplesBytes = codes >> 4 === 6 ? 1 : codes >> 4 === 7 ? 2 : 0;
  const rateAt = samplesAt + samplesBytes;
  const rateBytes = (codes & 15) === 12 ? 1 : (codes & 15) === 13 || (codes & 15) === 14 ? 2 : 0;
  const end = rateAt + rateBytes + 1;
  if (end > buffer.length) return undefined;
  const samples = samplesBytes > 0 ? buffer.readUIntBE(samplesAt, samplesBytes) + 1 : samplesOfCode(codes >> 4);
  const rate = rateOfCode(codes & 15, rateBytes > 0 ? buffer.readUIntBE(rateAt, rateBytes) : 0, info);
  if (samples === 0 || samples > info.maxBlockSamples || rate !== info.sampleRate) return undefined;
  return flacCrc8(buffer, offset, end) === 0 ? { samples, headerBytes: end - offset } : undefined;
}

/** The fourth byte: channels, bits of a sample, a reserved 0. */
function fitsStream(byte: number, { channels, bitsPerSample }: FlacStreamInfo): boolean {
  const code = byte >> 4;
  // 8 to 10 are two channels told by their sum or difference.
  const frameChannels = code < 8 ? code + 1 : code < 11 ? 2 : 0;
  const bitsCode = (byte >> 1) & 7;
  const bits = bitsCode === 0 ? bitsPerSample : SAMPLE_BITS[bitsCode];
  return (byte & 1) === 0 && frameChannels === channels && bits === bitsPerSample;
}

function samplesOfCode(code: number): number {
  if (code === 0) return 0;
  if (code === 1) return 192;
  return code < 6 ? 144 << code : 256 << (code - 8);
}

function rateOfCode(code: number, value: number, info: FlacStreamInfo): number | undefined {
  if (code === 0) return info.sampleRate;
  if (code < 12) return SAMPLE_RATES[code - 1];
  return code === 12 ? value * 1000 : code === 13 ? value : code === 14 ? value * 10 : undefined;
}

/** Bytes of the number at `offset`, coded as UTF-8 codes characters, but up to 7 bytes; 0 when it is none. */
function codedNumberBytes(buffer: Buffer, offset: number): number {
  const first = buffer[offset]!;
  if (first < 0x80) return 1;
  const bytes = Math.clz32(~(first << 24));
  if (bytes < 2 || bytes > 7 || offset + bytes > buffer.length) return 0;
  for (let at = offset + 1; at < offset + bytes; at++) if ((buffer[at]! & 0xc0) !== 0x80) return 0;
  return bytes;
}
