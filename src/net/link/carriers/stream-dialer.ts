import type { Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { DistreamError } from '../../../core/errors.ts';
import type { LinkAddress } from '../../../modules/link.ts';
import type { DialTarget } from '../../../modules/network.ts';
import type { StreamConnection } from '../carrier.ts';

/** Where to connect a stream carrier, and how. */
export interface DialStreamOptions {
  /** Its carrier is `tls`, `wss` or `ws`. */
  readonly address: LinkAddress;
  /** Local address to connect from; undefined: as the system routes. */
  readonly from?: string | undefined;
  /** HTTP proxy, `http://user:password@host:port`; undefined: none. */
  readonly proxy?: string | undefined;
  readonly dialer: (target: DialTarget) => Promise<Socket>;
  /** For everything until the connection stands. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Connects by TCP, through the proxy when there is one, and starts TLS and WebSocket as the carrier wants. Rejects with
 * UNREACHABLE, TIMED_OUT, REFUSED (by the proxy) or PROTOCOL_VIOLATION, or with the signal's reason. The connection is
 * the caller's.
 */
export function dialStream(_options: DialStreamOptions): Promise<StreamConnection> {
  return Promise.reject(new DistreamError('INTERNAL', { reason: 'carriers are not there' }));
}
