import type { StreamFormat } from '../../core/fragment.ts';
import { type InfoFrame, type SyncCodec, SyncFramer } from '../sync/sync-framer.ts';
import { layer3OverheadBytes, MP3_HEADER_BYTES, type Mp3Header, parseMp3Header } from './mp3-header.ts';

/** How far `main_data_begin` can point back: 9 bits in MPEG-1, 8 in the lower rates. */
const MPEG1_RESERVOIR_BYTES = 511;
const MPEG2_RESERVOIR_BYTES = 255;
const MIN_PRIME_FRAMES = 3;
const MAX_PRIME_FRAMES = 16;
/** The filter bank of Layer II remembers less than one frame. */
const LAYER2_PRIME_FRAMES = 1;

/** A VBRI header stands 32 bytes behind the frame header, whatever the mode. */
const VBRI_OFFSET = 36;

type Mp3FrameHeader = Mp3Header & { readonly layer: 2 | 3 };

/** Layer I is not streamed by anybody, and its sync looks like -1 in 16-bit samples; free format has no length. */
function parseFrameHeader(buffer: Buffer, offset: number): Mp3FrameHeader | undefined {
  const header = parseMp3Header(buffer, offset);
  return header && header.layer !== 1 && header.frameBytes > 0 ? (header as Mp3FrameHeader) : undefined;
}

/** The smallest number of bytes that holds a whole number of frames at this bitrate, padding included. */
function latticeBytes(header: Mp3Header): number {
  const scaledBytes = header.samples * header.bitrateKbps * 125;
  return scaledBytes / greatestCommonDivisor(scaledBytes, header.sampleRate);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Frames that the bit reservoir can reach back, and one for the overlap of the transform. */
function primeFrames(header: Mp3Header): number {
  if (header.layer !== 3) return LAYER2_PRIME_FRAMES;
  const reservoirBytes = header.version === 1 ? MPEG1_RESERVOIR_BYTES : MPEG2_RESERVOIR_BYTES;
  const reachBack = Math.ceil(reservoirBytes / Math.max(1, header.frameBytes - layer3OverheadBytes(header)));
  return Math.min(Math.max(reachBack + 1, MIN_PRIME_FRAMES), MAX_PRIME_FRAMES);
}

function formatOf(headers: readonly Mp3FrameHeader[], info: InfoFrame): StreamFormat {
  const smallest = headers.reduce((a, b) => (b.frameBytes < a.frameBytes ? b : a));
  const constant = info !== 'variable-bitrate' && headers.every((h) => h.bitrateKbps === smallest.bitrateKbps);
  return {
    contentType: 'audio/mpeg',
    codec: 'mp3',
    sampleRate: smallest.sampleRate,
    channels: smallest.channels,
    headers: Buffer.alloc(0),
    primeFrames: primeFrames(smallest),
    latticeBytes: constant ? latticeBytes(smallest) : undefined,
  };
}

/** What the first frame of a run of frames tells of all, as if the bitrate were constant; undefined when it is none. */
export function mp3FormatOf(frame: Buffer): StreamFormat | undefined {
  const header = frame.length < MP3_HEADER_BYTES ? undefined : parseFrameHeader(frame, 0);
  return header && formatOf([header], 'none');
}

/** Xing's and LAME's header stand where the main data would begin (with or without the CRC counted), Fraunhofer's at a fixed place. */
function infoFrame(buffer: Buffer, offset: number, header: Mp3FrameHeader): InfoFrame {
  if (header.layer !== 3) return 'none';
  const dataOffset = layer3OverheadBytes(header);
  for (const at of header.hasCrc ? [dataOffset, dataOffset - 2] : [dataOffset]) {
    const word = buffer.toString('latin1', offset + at, offset + at + 4);
    if (word === 'Xing') return 'variable-bitrate';
    if (word === 'Info') return 'constant-bitrate';
  }
  return buffer.toString('latin1', offset + VBRI_OFFSET, offset + VBRI_OFFSET + 4) === 'VBRI'
    ? 'variable-bitrate'
    : 'none';
}

const mp3Codec: SyncCodec<Mp3FrameHeader> = {
  name: 'MPEG',
  contentType: 'audio/mpeg',
  headerBytes: MP3_HEADER_BYTES,
  parse: parseFrameHeader,
  consistent: (a, b) =>
    a.version === b.version && a.layer === b.layer && a.sampleRate === b.sampleRate && a.channels === b.channels,
  formatOf,
  infoFrame,
};

/**
 * Frames of MPEG audio, layers II and III, any version, constant or variable
 * bitrate. ID3 and APE tags and the Xing, Info or VBRI frame at the start of a
 * file are left out. Free format and Layer I are passed on as opaque bytes.
 */
export class Mp3Framer extends SyncFramer<Mp3FrameHeader> {
  constructor() {
    super(mp3Codec);
  }
}
