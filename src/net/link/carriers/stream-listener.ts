import type { Clock } from '../../../core/clock.ts';
import { DistreamError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { ListenAddress } from '../../../modules/network.ts';
import type { CertificateFiles } from '../../tls-side.ts';
import type { StreamConnection } from '../carrier.ts';

/** Why a connection was turned away before it became a stream connection. */
export type StreamRefusal =
  /** Too many connections in all, or from one network (/24, /64). */
  | 'limit'
  | 'limit-per-network'
  /** Nothing, or too little, came in time. */
  | 'silent'
  | 'failed-tls'
  /** Link messages without TLS. */
  | 'plain-stream'
  | 'unknown-protocol'
  | 'bad-head'
  /** HTTP, but no WebSocket that is spoken here. */
  | 'not-websocket';

/** Connections at once, whoever owns them. */
export interface StreamLimits {
  readonly connections: number;
  /** From one /24 of IPv4 or /64 of IPv6. */
  readonly connectionsPerNetwork: number;
}

/** What a port for stream carriers is made of. */
export interface StreamListenerOptions extends ListenAddress {
  readonly clock: Clock;
  readonly log: Logger;
  /** PEM files; undefined: a self-signed certificate is made. */
  readonly certificate: CertificateFiles | undefined;
  readonly limits: StreamLimits;
  /** The connection is the receiver's; it sets `events` before the next turn. */
  readonly onConnection: (connection: StreamConnection) => void;
  readonly onRefused: (reason: StreamRefusal) => void;
}

/** A port that is open for stream carriers. */
export interface StreamListener {
  readonly port: number;
  /** Takes no more; connections that were handed over stay their owners'. */
  close(): void;
}

/**
 * Opens a TCP port for `tls`, `wss` and `ws`, told apart by their first bytes. Rejects with PORT_IN_USE,
 * PORT_FORBIDDEN, ADDRESS_UNAVAILABLE or TLS_UNUSABLE.
 */
export function listenForStreams(_options: StreamListenerOptions): Promise<StreamListener> {
  return Promise.reject(new DistreamError('INTERNAL', { reason: 'carriers are not there' }));
}
