/**
 * What carries the messages of a link: hello, retry, response, records. Carriers move messages and know nothing of them.
 * @module
 */

import type { LinkCarrier } from '../../modules/link.ts';
import type { DatagramSource } from '../../protocols/link/address-proof.ts';

/** A connection that keeps order and loses nothing while it lives: TLS over TCP, WebSocket. */
export interface StreamConnection {
  readonly carrier: Exclude<LinkCarrier, 'udp'>;
  /** `address:port` of both ends; an IPv6 address in brackets. */
  readonly local: string;
  readonly remote: string;
  /** The peer's IP address alone. */
  readonly remoteAddress: string;
  /** What TCP, TLS and framing add to a message of some hundred bytes, about. */
  readonly overheadBytes: number;
  /** The most bytes of a message that may come; raise it once the peer is known. At first 1,200. */
  maxMessageBytes: number;
  /** Set by the owner before the next turn of the event loop. */
  events: StreamConnectionEvents;
  /** Returns false when the carrier is full: `writable` follows. What is sent after it was closed is dropped. */
  send(message: Buffer): boolean;
  /** Idempotent; `closed` is not called for it. */
  close(): void;
}

/** What a stream connection tells. */
export interface StreamConnectionEvents {
  /** The message is the receiver's. */
  message(message: Buffer): void;
  writable(): void;
  /** The connection is gone, or its peer broke the framing; in words. */
  closed(reason: string): void;
}

/** A UDP socket: for dialling, or shared by all who come. Errors of single datagrams are dropped: the link notices loss. */
export interface DatagramPort {
  readonly local: string;
  readonly port: number;
  /** IP and UDP headers: 28 with IPv4, 48 with IPv6. */
  overheadBytes(to: DatagramSource): number;
  /** Set by the owner before the next turn of the event loop. */
  onDatagram: (datagram: Buffer, from: DatagramSource) => void;
  send(datagram: Buffer, to: DatagramSource): void;
  close(): void;
}
