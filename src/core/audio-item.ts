import type { Discontinuity, StreamFormat, TrackMetadata } from './fragment.ts';

/**
 * A place in a run of audio: `byte` counts the encoded bytes since the run's first. It is the same at every node that
 * carries this run, so that two of them can be compared.
 */
export interface AudioOrigin {
  /** Hex of 8 random bytes, chosen where the run began. */
  readonly epoch: string;
  readonly byte: number;
}

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
  /** Where another node's run this comes from; undefined: it begins its way here. */
  readonly origin?: AudioOrigin;
}
