import type { LinkCarrier } from '../../modules/link.ts';
import type { DatagramSource } from '../../protocols/link/address-proof.ts';
import type { PathOptions } from '../../protocols/link/link-path.ts';
import { RECORD_OVERHEAD_BYTES } from '../../protocols/link/record-header.ts';
import type { DatagramPort, StreamConnection } from './carrier.ts';

/** What carries the records of one path. */
export interface PathTransport {
  readonly carrier: LinkCarrier;
  readonly local: string;
  readonly remote: string;
  readonly options: PathOptions;
  /** Returns false when the carrier is full. */
  send(record: Buffer): boolean;
  /** A record that is genuine and newer than all others came from there. */
  cameFrom(source: DatagramSource): void;
  /** Idempotent. */
  close(): void;
}

/** Fits every path (RFC 9000, section 14); the session probes for more. */
const UDP_PAYLOAD_BYTES = 1200;
/** IP packets on Ethernet. */
const LONGEST_PACKET_BYTES = 1500;
const STREAM_PAYLOAD_BYTES = 4096;
/** Silence after which an idle path is asked whether it lives; short enough for the tables of most NATs. */
const IDLE_PING_MS = 5000;
/** The longest record that a peer may send. */
const MAX_MESSAGE_BYTES = 16_384 + RECORD_OVERHEAD_BYTES;

/** `address:port`, IPv6 in brackets. */
export function endpointText({ address, port }: DatagramSource): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Records as datagrams. The remote address follows the peer, so that a new one of its NAT costs nothing. */
export class UdpTransport implements PathTransport {
  readonly carrier = 'udp';
  readonly options: PathOptions;
  readonly #port: DatagramPort;
  readonly #onClose: () => void;
  #to: DatagramSource;

  /** `onClose` gives back what the path has of the port. */
  constructor(port: DatagramPort, to: DatagramSource, maxBytesPerSecond: number | undefined, onClose: () => void) {
    this.#port = port;
    this.#to = to;
    this.#onClose = onClose;
    const overheadBytes = port.overheadBytes(to) + RECORD_OVERHEAD_BYTES;
    this.options = {
      payloadBytes: UDP_PAYLOAD_BYTES,
      maxPayloadBytes: LONGEST_PACKET_BYTES - overheadBytes,
      overheadBytes,
      isReliable: false,
      idlePingMs: IDLE_PING_MS,
      ...(maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond }),
    };
  }

  get local(): string {
    return this.#port.local;
  }

  get remote(): string {
    return endpointText(this.#to);
  }

  send(record: Buffer): boolean {
    this.#port.send(record, this.#to);
    return true;
  }

  cameFrom(source: DatagramSource): void {
    if (source.port === this.#to.port && source.address === this.#to.address) return;
    this.#to = { address: source.address, port: source.port };
  }

  close(): void {
    this.#onClose();
  }
}

/** Records on a connection. Takes longer messages from now on, as the peer is known. */
export class StreamTransport implements PathTransport {
  readonly options: PathOptions;
  readonly #connection: StreamConnection;

  constructor(connection: StreamConnection, maxBytesPerSecond: number | undefined) {
    this.#connection = connection;
    this.options = {
      payloadBytes: STREAM_PAYLOAD_BYTES,
      overheadBytes: connection.overheadBytes + RECORD_OVERHEAD_BYTES,
      isReliable: true,
      idlePingMs: IDLE_PING_MS,
      ...(maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond }),
    };
  }

  get carrier(): StreamConnection['carrier'] {
    return this.#connection.carrier;
  }

  get local(): string {
    return this.#connection.local;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  send(record: Buffer): boolean {
    return this.#connection.send(record);
  }

  cameFrom(): void {}

  /** The peer has shown who it is: its records may be long. */
  trust(): void {
    this.#connection.maxMessageBytes = MAX_MESSAGE_BYTES;
  }

  close(): void {
    this.#connection.close();
  }
}
