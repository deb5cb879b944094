/**
 * What the headers of Opus and Vorbis in Ogg tell: how long each packet lasts, and what WebM wants to know.
 * @module
 */
import { concat } from './bytes.ts';

/** A codec whose packets can go into WebM. */
export interface PacketCodec {
  readonly webmName: 'A_OPUS' | 'A_VORBIS';
  readonly sampleRate: number;
  readonly channels: number;
  /** `CodecPrivate` of WebM. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** Samples at the start that are not to be heard. */
  readonly preSkip: number;
  /** Samples that a packet adds, given in order. */
  samplesOf(packet: Uint8Array): number;
}

/** How many packets of headers come first; 0 for what is neither Opus nor Vorbis. */
export function headerCount(first: Uint8Array): number {
  if (begins(first, 'OpusHead') && first.length >= 19) return 2;
  return begins(first, '\x01vorbis') && first.length >= 30 ? 3 : 0;
}

/** Reads whole headers; undefined when they make no sense. */
export function codecOf(headers: readonly Uint8Array<ArrayBuffer>[]): PacketCodec | undefined {
  const [first] = headers;
  if (!first) return undefined;
  return begins(first, 'OpusHead') ? opus(first) : vorbis(headers);
}

function begins(bytes: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[index] !== text.charCodeAt(index)) return false;
  return true;
}

/** RFC 7845 section 5.1. */
function opus(head: Uint8Array<ArrayBuffer>): PacketCodec {
  return {
    webmName: 'A_OPUS',
    sampleRate: 48_000,
    channels: head[9]!,
    head,
    preSkip: head[10]! | (head[11]! << 8),
    samplesOf: opusSamples,
  };
}

/** RFC 6716 section 3.1, at 48 kHz. */
function opusSamples(packet: Uint8Array): number {
  const toc = packet[0] ?? 0;
  const config = toc >> 3;
  const size = config & 3;
  const samples =
    config < 12 ? [480, 960, 1920, 2880][size]! : config < 16 ? 480 << (config & 1) : [120, 240, 480, 960][size]!;
  const code = toc & 3;
  return samples * (code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63);
}

/** Vorbis I, sections 4.2.2 and 4.3.8: a packet gives a quarter of its block and of the one before. */
function vorbis(headers: readonly Uint8Array<ArrayBuffer>[]): PacketCodec | undefined {
  const [first, comment, setup] = headers;
  const modes = setup && modesOf(setup);
  if (!first || !comment || !modes) return undefined;
  const blocks = [1 << (first[28]! & 15), 1 << (first[28]! >> 4)];
  const modeBits = Math.ceil(Math.log2(modes.length));
  let before = 0;
  return {
    webmName: 'A_VORBIS',
    sampleRate: new DataView(first.buffer, first.byteOffset).getUint32(12, true),
    channels: first[11]!,
    head: xiphLaced(first, comment, setup),
    preSkip: 0,
    samplesOf: (packet) => {
      // The first bit is 0 in audio, the number of the mode follows.
      const mode = ((packet[0] ?? 0) >> 1) & ((1 << modeBits) - 1);
      const block = blocks[modes[mode] ?? 0]!;
      const samples = before === 0 ? 0 : (before + block) / 4;
      before = block;
      return samples;
    },
  };
}

/**
 * Whether each mode has long blocks. The modes are the last of the setup header (Vorbis I section 4.2.4), and all
 * before them would have to be read to come there: so they are read from the end, where each is a bit of its block,
 * 32 bits of 0 and 8 bits of a mapping below 64, behind 6 bits of their number.
 */
function modesOf(setup: Uint8Array): number[] | undefined {
  let end = setup.length * 8 - 1;
  const bit = (at: number) => (setup[at >> 3]! >> (at & 7)) & 1;
  const bits = (at: number, count: number) => {
    let value = 0;
    for (let index = 0; index < count; index++) value |= bit(at + index) << index;
    return value;
  };
  while (end > 0 && bit(end) === 0) end--; // the framing bit
  const found: number[] = [];
  let answer: number[] | undefined;
  for (let at = end - 41; at > 100 && found.length < 64; at -= 41) {
    if (bits(at + 1, 16) !== 0 || bits(at + 17, 16) !== 0 || bits(at + 33, 8) > 63) break;
    found.unshift(bit(at));
    if (bits(at - 6, 6) + 1 === found.length) answer = [...found];
  }
  return answer;
}

/** The three headers as Matroska keeps them: their count less one, sizes of the first two in 255s, then all. */
function xiphLaced(...headers: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const sizes = headers
    .slice(0, -1)
    .flatMap(({ length }) => [...Array(Math.floor(length / 255)).fill(255), length % 255]);
  return concat([[headers.length - 1, ...sizes], ...headers]);
}
