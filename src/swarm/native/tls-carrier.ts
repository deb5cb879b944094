import { connect, createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { listenOnFirstFree } from '../../net/listen.ts';
import {
  type Carrier,
  LINE_MESSAGE_BYTES,
  type Line,
  type LineEvents,
  type LineHost,
  type LineTarget,
} from './carrier.ts';

const CONNECT_MS = 5000;
const PORTS_TRIED = 64;
const MAX_LINES = 4096;
const KEEP_ALIVE_MS = 30_000;
/** Bytes that may wait in the process for a line: with fewer, a fast line stands still between two turns of the loop. */
const ROOM_BYTES = 128 * 1024;
/** With a new key of each connection, so that what was recorded stays secret when a pre-shared key gets out (RFC 7905). */
const CIPHERS = 'ECDHE-PSK-CHACHA20-POLY1305';
/** Without authorities, which nothing here asks: to read the platform's takes 35 ms of a core. */
const PSK_TLS = { ciphers: CIPHERS, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ca: [] as string[] } as const;

/** Lines over TCP with TLS and pre-shared keys: no certificates, one handshake for each pair of peers. */
export class TlsCarrier implements Carrier {
  readonly #clock: Clock;
  #server: Server | undefined;
  /** One for all lines that are dialled: making one costs as much as a handshake. */
  #dialled: SecureContext | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async listen(host: LineHost, address: string, firstPort: number): Promise<number> {
    const identities = new WeakMap<TLSSocket, string>();
    const server = createServer({
      ...PSK_TLS,
      handshakeTimeout: CONNECT_MS,
      pskCallback: (socket, identity) => {
        const key = host.keyOf(identity);
        if (!key) return null;
        identities.set(socket, identity);
        return key;
      },
    });
    server.maxConnections = MAX_LINES;
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('secureConnection', (socket) => {
      const identity = identities.get(socket);
      if (identity === undefined) return void socket.destroy();
      const line = new SocketLine(socket);
      line.attach(host.accept(line, identity));
    });
    this.#server = server;
    const last = firstPort === 0 ? 0 : Math.min(65_535, firstPort + PORTS_TRIED);
    return (await listenOnFirstFree(server, { host: address, port: firstPort }, last)).port;
  }

  dial(target: LineTarget, events: LineEvents): Promise<Line> {
    this.#dialled ??= createSecureContext(PSK_TLS);
    const socket = connect({
      secureContext: this.#dialled,
      host: target.host,
      port: target.port,
      pskCallback: () => ({ psk: target.key, identity: target.identity }),
      // A pre-shared key proves the other side: there is no certificate with a name.
      checkServerIdentity: () => undefined,
    });
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(CONNECT_MS, () => socket.destroy(new Error('it does not answer')));
      const failed = (error?: Error) => {
        timer.cancel();
        reject(error ?? new Error('connection closed'));
      };
      socket.once('error', failed);
      socket.once('close', () => failed());
      socket.once('secureConnect', () => {
        timer.cancel();
        socket.off('error', failed);
        const line = new SocketLine(socket);
        resolve(line);
        line.attach(events);
      });
    });
  }

  close(): void {
    this.#server?.close();
  }
}

/** A socket as a line. */
class SocketLine implements Line {
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setMaxSendFragment(LINE_MESSAGE_BYTES);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('error', () => socket.destroy());
  }

  attach(events: LineEvents): void {
    this.#socket.on('data', (bytes: Buffer) => events.onData(bytes));
    this.#socket.on('drain', () => events.onDrain());
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => events.onClose());
  }

  send(bytes: Buffer, onSent?: () => void): boolean {
    const socket = this.#socket;
    const done = onSent && ((error?: Error | null) => !error && onSent());
    return socket.destroyed || socket.write(bytes, done) || socket.writableLength < ROOM_BYTES;
  }

  close(): void {
    this.#socket.destroy();
  }
}
