import type { LinkAddress } from '../../modules/link.ts';
import type { InitiatorCredentials } from '../../protocols/link/handshake.ts';
import type { Backoff } from './backoff.ts';
import type { LinkRuntime } from './link-runtime.ts';
import type { SecurePath } from './secure-path.ts';

/** What an attempt to reach an address needs. */
export interface DialOptions {
  readonly runtime: LinkRuntime;
  readonly address: LinkAddress;
  /** Local address; undefined: as the system routes. */
  readonly from: string | undefined;
  readonly proxy: string | undefined;
  readonly credentials: InitiatorCredentials;
  readonly maxBytesPerSecond: number | undefined;
  /** Spreads hellos that are repeated. */
  readonly backoff: Backoff;
  readonly events: DialEvents;
}

/** How an attempt ends: one of `connected` and `failed`, once; and what the connection tells afterwards. */
export interface DialEvents {
  /** The handshake is done; the path is the receiver's. */
  connected(path: SecurePath): void;
  failed(reason: string): void;
  /** Nothing came back so far, though the attempt goes on. */
  unanswered(reason: string): void;
  /** The carrier of the path takes more again. */
  writable(path: SecurePath): void;
  /** The connection of the path is gone. */
  lost(path: SecurePath, reason: string): void;
}

/** An attempt under way. */
export interface DialAttempt {
  /** Ends it without an event. Idempotent; nothing after it has ended. */
  cancel(): void;
}
