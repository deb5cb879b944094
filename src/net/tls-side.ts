import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../core/clock.ts';
import { DistreamError, reasonOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
const CHANGE_CHECK_MS = 10_000;
const READABLE_BY_OTHERS = 0o004;

/** PEM files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** PEM texts. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

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
  readonly #options: TlsSideOptions;
  readonly #server: Server;
  #timer: Timer | undefined;
  #fingerprint = '';

  /** Throws TLS_UNUSABLE. */
  constructor(options: TlsSideOptions) {
    this.#options = options;
    const { certificate } = options;
    this.#server = createServer({
      ...('cert' in certificate ? certificate : this.#watch(certificate)),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
    });
    this.#server.on('secureConnection', options.onSecure);
    this.#server.on('tlsClientError', (_error, socket) => {
      options.onFailed();
      socket.destroy();
    });
  }

  /** Takes a paused connection whose first bytes were read. */
  accept(socket: Socket, first: Buffer): void {
    socket.unshift(first);
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#timer?.cancel();
    this.#server.removeAllListeners('secureConnection');
  }

  /** Reads the files, now and whenever they change. */
  #watch(files: CertificateFiles): CertificatePair {
    const { clock, log } = this.#options;
    this.#fingerprint = fingerprintOf(files);
    const pair = readCertificate(files);
    if (isReadableByOthers(files.key)) {
      log.warn(`Every user of this machine can read the key file ${files.key}; take that right away (chmod 600)`);
    }
    this.#timer = clock.every(CHANGE_CHECK_MS, () => this.#reloadWhenChanged(files));
    return pair;
  }

  #reloadWhenChanged(files: CertificateFiles): void {
    const { log } = this.#options;
    const fingerprint = fingerprintOf(files);
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    try {
      this.#server.setSecureContext(readCertificate(files));
      log.info(`The certificate ${files.certificate} was changed; new connections use it`);
    } catch (error) {
      log.warn(`The changed certificate is not used, the one before stays: ${reasonOf(error)}`);
    }
  }
}

/** The PEM texts, checked to fit each other. Throws TLS_UNUSABLE. */
function readCertificate(files: CertificateFiles): CertificatePair {
  const cert = readPem(files.certificate);
  const key = readPem(files.key);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new DistreamError('TLS_UNUSABLE', { file: files.certificate, reason: reasonOf(error) }, { cause: error });
  }
  return { cert, key };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new DistreamError('TLS_UNUSABLE', { file, reason: reasonOf(error) }, { cause: error });
  }
}

/** Changes when one of the files is replaced or rewritten. */
function fingerprintOf(files: CertificateFiles): string {
  return [files.certificate, files.key]
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : 'missing';
    })
    .join(' ');
}

function isReadableByOthers(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return process.platform !== 'win32' && stat !== undefined && (stat.mode & READABLE_BY_OTHERS) !== 0;
}
