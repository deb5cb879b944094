import type { Chunk } from './send-channel.ts';

/** Control information that is repeated, as it is by then, until a packet with it is acknowledged. */
export interface ControlItem {
  readonly kind: 'hello' | 'open' | 'want' | 'start' | 'have' | 'end' | 'stop';
  /** The channel it is about; 0 for `hello`. */
  readonly channel: number;
}

/** A packet under way on a path. */
export interface SentPacket {
  readonly number: number;
  readonly sentMs: number;
  /** Bytes on the link, with what the carrier adds. */
  readonly linkBytes: number;
  readonly payloadBytes: number;
  readonly isAckEliciting: boolean;
  readonly chunks: readonly Chunk[];
  readonly controls: readonly ControlItem[];
  /** There was nothing more to send: the rate it shows says nothing about the line. */
  readonly isAppLimited: boolean;
  /** Padded to find out whether so long a packet arrives: its loss says nothing else. */
  readonly isProbe: boolean;
}
