/**
 * Linear PCM as a stream carries it: the samples of a WAV file (little endian, interleaved), in blocks of whole sample
 * frames, under the type `audio/wav`. The head of a WAV file without a length is the format's `headers`: so listeners
 * get a WAV stream, and whoever needs the width of the samples reads it from there.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { StreamFormat } from '../../core/fragment.ts';
import { buildFmt } from '../wav/fmt-chunk.ts';
import { WavHeadParser } from '../wav/parse-head.ts';
import { frameBytesOf, type PcmFormat } from '../wav/pcm-format.ts';

/** The MIME type of PCM in a stream. */
export const PCM_CONTENT_TYPE = 'audio/wav';

const UNKNOWN_SIZE = 0xffffffff;
/** Blocks of 10 ms: a recording is cut between two of them. */
const BLOCKS_PER_SECOND = 100;
/** A block of many channels is shorter, so that a link carries it in one record. */
const MAX_BLOCK_BYTES = 32 * 1024;

/** `undefined` for a format that was looked at and is no PCM. */
const known = new WeakMap<StreamFormat, PcmFormat | undefined>();

/** A new format of a stream of integer PCM. Throws RangeError for float. */
export function pcmStreamFormat(pcm: PcmFormat): StreamFormat {
  if (pcm.isFloat) throw new RangeError('float PCM is not streamed');
  const format: StreamFormat = {
    contentType: PCM_CONTENT_TYPE,
    codec: 'pcm',
    sampleRate: pcm.sampleRate,
    channels: pcm.channels,
    headers: endlessHead(pcm),
    primeFrames: 0,
    latticeBytes: undefined,
  };
  known.set(format, pcm);
  return format;
}

/** What the samples of a stream are; undefined when it is no PCM, or its headers do not tell. */
export function pcmFormatOf(format: StreamFormat): PcmFormat | undefined {
  if (format.codec !== 'pcm') return undefined;
  if (!known.has(format)) known.set(format, readHead(format.headers));
  return known.get(format);
}

/** Sample frames of one block: 10 ms, less where that would be more than 32 KiB. */
export function blockFrames(pcm: PcmFormat): number {
  const fitting = Math.floor(MAX_BLOCK_BYTES / frameBytesOf(pcm));
  return Math.max(1, Math.min(Math.round(pcm.sampleRate / BLOCKS_PER_SECOND), fitting));
}

/** True when the samples of both are made the same way. */
export function isSamePcm(a: PcmFormat, b: PcmFormat): boolean {
  const isSameShape = a.sampleRate === b.sampleRate && a.channels === b.channels;
  return isSameShape && a.bitsPerSample === b.bitsPerSample && a.isFloat === b.isFloat;
}

/** RIFF and `data` of unknown size, as writers to a pipe leave them. */
function endlessHead(pcm: PcmFormat): Buffer {
  const fmt = buildFmt(pcm);
  const head = Buffer.alloc(12 + 8 + fmt.length + 8);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(UNKNOWN_SIZE, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(fmt.length, 16);
  fmt.copy(head, 20);
  head.write('data', 20 + fmt.length, 'latin1');
  head.writeUInt32LE(UNKNOWN_SIZE, 24 + fmt.length);
  return head;
}

function readHead(headers: Buffer): PcmFormat | undefined {
  try {
    const head = new WavHeadParser({ fileBytes: Number.POSITIVE_INFINITY }).push(headers);
    return head && !head.format.isFloat ? head.format : undefined;
  } catch (error) {
    if (error instanceof ProtocolViolation) return undefined;
    throw error;
  }
}
