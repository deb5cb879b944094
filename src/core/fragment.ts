/**
 * The one currency of a node: an immutable run of encoded audio.
 * @module
 */

/** Codecs whose frames distream knows (`pcm`: blocks of samples, see media/pcm); `opaque` is anything else, passed on byte by byte. */
export type Codec = 'mp3' | 'aac' | 'vorbis' | 'opus' | 'flac' | 'pcm' | 'opaque';

/**
 * What a decoder must know before the first byte. Two fragments belong to the
 * same run of a decoder only when their `format` is the same object.
 */
export interface StreamFormat {
  /** MIME type for listeners, without parameters, e.g. `audio/mpeg`. */
  readonly contentType: string;
  readonly codec: Codec;
  /** Hz; undefined for opaque streams. */
  readonly sampleRate: number | undefined;
  readonly channels: number | undefined;
  /**
   * Bytes that a decoder needs first (Ogg header pages, the metadata blocks of FLAC,
   * what is before the clusters of WebM); empty when every frame stands alone. They
   * are NOT part of any fragment's data: who writes a stream writes them when the
   * format object changes.
   */
  readonly headers: Buffer;
  /** Frames before a join that a decoder needs until its output is right (MP3 bit reservoir, MDCT overlap). */
  readonly primeFrames: number;
  /**
   * Bytes after which frame borders repeat for a constant bitrate (MP3 at 128 kbit/s and 44.1 kHz: 20480),
   * undefined when unknown or variable.
   */
  readonly latticeBytes: number | undefined;
}

/** Titles and links as a listener is shown them. All text is cleaned: no control characters, bounded length. */
export interface TrackMetadata {
  /** The display title, "Artist - Title" when both are known; may be empty. */
  readonly title: string;
  readonly artist?: string;
  /** ICY `StreamUrl`. */
  readonly url?: string;
}

/** A title that begins at a byte of a fragment. */
export interface MetadataMark {
  /** Byte offset in the fragment's data from which the metadata holds. */
  readonly offset: number;
  readonly metadata: TrackMetadata;
}

/** Why audio does not continue from the fragment before. */
export type DiscontinuityCause =
  | 'source-restart' // the source began anew
  | 'input-switch' // another input (fallback or back)
  | 'line-loss' // audio was lost on a line: an outage longer than the buffer
  | 'eviction' // the upstream buffer no longer had it
  | 'corrupt'; // bytes that were no audio were left out

/** A place where the audio does not continue. */
export interface Discontinuity {
  readonly cause: DiscontinuityCause;
  /** Audio that is missing, when known. */
  readonly lostMs: number | undefined;
}

/** An immutable run of encoded audio, cut at frame borders. `data` may be a view on shared memory: never write to it. */
export interface Fragment {
  /** Which run of a source this belongs to; counts up within a stream. */
  readonly generation: number;
  /** Counts up by one within a stream, over all generations. */
  readonly sequence: number;
  readonly data: Buffer;
  readonly format: StreamFormat;
  /** UTC of the first sample in microseconds, as near as the input knows it. */
  readonly startTimeUs: number;
  readonly durationUs: number;
  /** Position of the first sample on the stream's own time line, which has no gaps, in microseconds. */
  readonly mediaTimeUs: number;
  /** Byte offsets at which a decoder may start, ascending, the first 0. Empty for opaque data: anywhere. */
  readonly frameOffsets: readonly number[];
  /** Metadata changes inside, ascending by offset. */
  readonly metadata: readonly MetadataMark[];
  /** The metadata that holds at byte 0. */
  readonly openingMetadata: TrackMetadata | undefined;
  /** Set when the audio does not continue from the fragment before. */
  readonly discontinuity: Discontinuity | undefined;
  /** The run of audio that this belongs to, and where in it its first byte is: see AudioOrigin. */
  readonly originEpoch: string;
  readonly originByte: number;
}

/** The end of a fragment on the stream's time line, in microseconds. */
export function endMediaTimeUs(fragment: Fragment): number {
  return fragment.mediaTimeUs + fragment.durationUs;
}
