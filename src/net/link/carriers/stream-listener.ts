import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import type { ListenAddress } from '../../../modules/network.ts';
import type { CertificateFiles } from '../../certificate/certificate-files.ts';
import { createSelfSigned } from '../../certificate/self-signed.ts';
import { peerAddress } from '../../client-address.ts';
import { listenOn } from '../../listen.ts';
import { TlsSide } from '../../tls-side.ts';
import type { StreamConnection } from '../carrier.ts';
import { ConnectionLimit, type StreamLimits } from './connection-limit.ts';
import { StreamArrival, type StreamArrivalHandlers, type StreamRefusal } from './stream-arrival.ts';

const COMMON_NAME = 'distream';

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
 * Opens a TCP port for `tls`, `wss` and `ws`, told apart by their first bytes. A connection that sends no whole message
 * within 10 s is closed. Rejects with PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNAVAILABLE or TLS_UNUSABLE.
 */
export async function listenForStreams(options: StreamListenerOptions): Promise<StreamListener> {
  const port = new StreamPort(options);
  try {
    await port.open();
    return port;
  } catch (error) {
    port.close();
    throw error;
  }
}

class StreamPort implements StreamListener {
  port = 0;
  readonly #options: StreamListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsSide;
  readonly #limit: ConnectionLimit;
  readonly #handlers: StreamArrivalHandlers;
  /** By the addresses of both ends: that is all that a TLS socket has in common with the one below it. */
  readonly #arrivals = new Map<string, StreamArrival>();
  #acceptErrors = 0;

  constructor(options: StreamListenerOptions) {
    this.#options = options;
    const { clock, log, certificate, limits, onConnection, onRefused } = options;
    this.#tls = new TlsSide({
      // the keys of the link prove who is who; a certificate is only needed to speak TLS at all
      certificate: certificate ?? createSelfSigned(COMMON_NAME, clock.utcMs()),
      clock,
      log,
      onSecure: (socket) => this.#onSecure(socket),
      onFailed: () => {},
    });
    this.#limit = new ConnectionLimit(limits);
    this.#handlers = { onConnection, onRefused, onTls: (socket, first) => this.#tls.accept(socket, first) };
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#onConnection(socket));
  }

  async open(): Promise<void> {
    const { host, port } = this.#options;
    this.port = (await listenOn(this.#server, { host, port })).port;
    this.#server.on('error', (error) => {
      if (++this.#acceptErrors > 1) return;
      this.#options.log.error(`A connection for links could not be accepted: ${reasonOf(error)}`);
    });
  }

  close(): void {
    this.#tls.close();
    this.#server.close();
    for (const arrival of this.#arrivals.values()) arrival.drop();
  }

  #onConnection(socket: Socket): void {
    const address = peerAddress(socket);
    const excess = this.#limit.add(address);
    if (excess) {
      socket.destroy();
      this.#options.onRefused(excess);
      return;
    }
    const key = endsOf(socket);
    this.#arrivals.set(key, new StreamArrival(socket, this.#options.clock, this.#handlers));
    socket.on('close', () => {
      this.#limit.remove(address);
      this.#arrivals.delete(key);
    });
  }

  #onSecure(socket: Socket): void {
    const arrival = this.#arrivals.get(endsOf(socket));
    if (arrival) arrival.secured(socket);
    else socket.destroy();
  }
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
