import type { Discontinuity, StreamFormat, TrackMetadata } from '../../core/fragment.ts';

/** One frame on its way from an input to the fragment buffer. */
export interface AudioItem {
  readonly data: Buffer;
  /** Microseconds; estimated from the bitrate for opaque bytes. */
  readonly durationUs: number;
  readonly format: StreamFormat;
  /** Metadata that holds from this frame's first byte. */
  readonly metadata: TrackMetadata | undefined;
  /** Set when the audio does not continue from the item before. */
  readonly discontinuity: Discontinuity | undefined;
}
