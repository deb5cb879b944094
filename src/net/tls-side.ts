import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import {
  type CertificateFiles,
  type CertificatePair,
  type CertificateWatch,
  watchCertificate,
} from './certificate/certificate-files.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Options of the TLS side of a port. */
export interface TlsSideOptions {
  /** Files are read again when they change. */
  readonly certificate: CertificateFiles | CertificatePair;
  readonly clock: Clock;
  readonly log: Logger;
  /** A handshake is done; the socket is flowing nowhere yet. */
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onFailed: () => void;
}

/** Speaks TLS on connections that a port accepted. Takes a renewed certificate without touching connections. */
export class TlsSide {
  readonly #server: Server;
  readonly #watch: CertificateWatch | undefined;

  /** Throws TLS_UNUSABLE. */
  constructor({ certificate, clock, log, onSecure, onFailed }: TlsSideOptions) {
    const onChange = (pair: CertificatePair) => this.#server.setSecureContext(pair);
    this.#watch = 'cert' in certificate ? undefined : watchCertificate({ files: certificate, clock, log, onChange });
    this.#server = createServer({
      ...('cert' in certificate ? certificate : this.#watch!.pair),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
    });
    this.#server.on('secureConnection', onSecure);
    this.#server.on('tlsClientError', (_error, socket) => {
      onFailed();
      socket.destroy();
    });
  }

  /** Takes a paused connection whose first bytes were read. */
  accept(socket: Socket, first: Buffer): void {
    socket.unshift(first);
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#watch?.close();
    this.#server.removeAllListeners('secureConnection');
  }
}
