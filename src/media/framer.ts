/**
 * Framers find codec frames in a byte stream. They know nothing of time or
 * sockets, keep a bounded rest, and never throw on what a stranger sends.
 * @module
 */
import type { StreamFormat, TrackMetadata } from '../core/fragment.ts';

/** One codec frame (MP3, AAC), one Ogg page or group of pages that starts and ends on a packet border, or some opaque bytes. */
export interface Frame {
  /** The bytes, often a view on the chunk that was pushed. */
  readonly data: Buffer;
  /** Length in microseconds; 0 for opaque bytes, whose time the stream estimates from the bitrate. */
  readonly durationUs: number;
  /** The same object for all frames of one decoder run. */
  readonly format: StreamFormat;
  /** A title found in the stream itself (Vorbis comment of a new chain link, ID3). */
  readonly metadata?: TrackMetadata;
}

/** Cuts a byte stream into frames. One instance a connection: a new connection takes a new framer. */
export interface Framer {
  /** Takes the next bytes (kept, never written to) and returns the frames that are now whole. */
  push(chunk: Buffer): Frame[];
  /** The stream ended: returns whole frames still held. A cut frame is dropped. */
  flush(): Frame[];
  /** Bytes left out so far because they are no audio (tags, Xing frame, garbage between frames). */
  readonly skippedBytes: number;
  /** Why the stream is passed on as opaque bytes, or undefined while frames are found. For the status. */
  readonly note: string | undefined;
}
