import type { AudioItem } from '../core/audio-item.ts';
import type { DiscontinuityCause, TrackMetadata } from '../core/fragment.ts';
import type { StationInfo } from '../core/station.ts';

/**
 * How a new session's first byte relates to the last byte of the session before:
 * `new` it is another stream or a restarted encoder; `overlap` the same live stream joined again, which
 * may repeat what is already held (a server's burst) and may have moved on; `exact` the very next byte.
 */
export type Continuity = 'new' | 'overlap' | 'exact';

/** What an input knows when audio starts to come. */
export interface SessionOptions {
  /** MIME type as the peer gave it, parameters allowed; undefined: found out from the bytes. */
  readonly contentType: string | undefined;
  readonly continuity: Continuity;
  readonly station?: StationInfo;
  /** Who sends, for status and log: an address or URL without credentials. */
  readonly peer?: string;
  /** The program at the other side (User-Agent or Server header), cleaned. */
  readonly agent?: string;
  /** The audio comes as whole frames, by `deliver`; they are passed on as they are. */
  readonly isFramed?: boolean;
}

/** Takes the encoded bytes of one session of an input. Owned by the input until it calls `end`. */
export interface SessionWriter {
  /** Encoded audio as it comes, in any portions. The buffer is kept, never written to. */
  write(data: Buffer): void;
  /** Whole frames of a session that is framed, in order; `metadata`, `discontinuity` and `origin` are the caller's. */
  deliver(items: readonly AudioItem[]): void;
  /** The metadata that holds from the next byte written. */
  setMetadata(metadata: TrackMetadata): void;
  /** What the source now says of itself, in place of what the session was opened with. */
  setStation(station: StationInfo): void;
  /** The next bytes begin another file or chain: framing starts anew, the audio is taken to continue. */
  nextFile(contentType: string | undefined): void;
  /** Audio is missing before the next byte. */
  discontinuity(cause: DiscontinuityCause, lostMs?: number): void;
  /** Audio written so far minus time since the session opened; an input that paces itself waits while it is above 0. */
  aheadMs(): number;
  /** No more bytes will come. Further calls do nothing. */
  end(): void;
}
