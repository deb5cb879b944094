import type { Codec, StreamFormat } from '../core/fragment.ts';
import { ADTS_PRIME_FRAMES } from './adts/adts-framer.ts';
import { plainContentType, UNKNOWN_CONTENT_TYPE } from './content-type.ts';
import { mp3FormatOf } from './mp3/mp3-framer.ts';
import { OPUS_PRIME_FRAMES } from './ogg/ogg-codec.ts';

const CODECS: readonly Codec[] = ['mp3', 'aac', 'vorbis', 'opus', 'flac', 'pcm', 'opaque'];

/** What another node tells of audio that it has framed already. */
export interface CarriedFormat {
  /** As it was told; anything that is no MIME type becomes the type of unknown bytes. */
  readonly contentType: string;
  /** A codec that is not known counts as `opaque`. */
  readonly codec: string;
  /** Hz; undefined when it is not known. */
  readonly sampleRate: number | undefined;
  readonly channels: number | undefined;
  readonly headers: Buffer;
}

/** The format of frames that a framer at another node found, with what follows from the codec and the first frame. */
export function carriedFormat(carried: CarriedFormat, firstFrame: Buffer): StreamFormat {
  const codec = CODECS.find((known) => known === carried.codec) ?? 'opaque';
  const mp3 = codec === 'mp3' ? mp3FormatOf(firstFrame) : undefined;
  return {
    contentType: plainContentType(carried.contentType) ?? UNKNOWN_CONTENT_TYPE,
    codec,
    sampleRate: codec === 'opaque' ? undefined : carried.sampleRate,
    channels: codec === 'opaque' ? undefined : carried.channels,
    headers: carried.headers,
    primeFrames: mp3?.primeFrames ?? primeFramesOf(codec),
    latticeBytes: mp3?.latticeBytes,
  };
}

function primeFramesOf(codec: Codec): number {
  if (codec === 'aac') return ADTS_PRIME_FRAMES;
  return codec === 'opus' ? OPUS_PRIME_FRAMES : 0;
}
