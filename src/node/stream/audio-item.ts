import type { Discontinuity, StreamFormat, TrackMetadata } from '../../core/fragment.ts';

/** One frame on its way from an input to the fragment buffer. */
export interface AudioItem {
  readonly data: Buffer;
  /** Microseconds; estimated from the bitrate for opaque bytes. */
  readonly durationUs: number;
  readonly format: StreamFormat;
  /** The metadata that holds at this frame's first byte: the same object until it changes; undefined when none was told. */
  readonly metadata: TrackMetadata | undefined;
  /** Set when the audio does not continue from the item before. */
  readonly discontinuity: Discontinuity | undefined;
}
