import { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { DistreamError, ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { type ConductorMessage, decodeConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import { MessageSplitter } from '../../protocols/swarm/framing.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';
import { encodePeerMessage, type PeerMessage, type Receipt, SWARM_ALPN } from '../../protocols/swarm/peer-messages.ts';
import type { SwarmUrl } from '../../protocols/swarm/swarm-url.ts';

const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
/** Receipts wait so long for others. */
const BATCH_MS = 10;

/** Where the conductor is, and who listens to it. */
export interface ConductorLineOptions {
  readonly clock: Clock;
  readonly url: SwarmUrl;
  /** For errors. */
  readonly displayUrl: string;
  readonly signal: AbortSignal;
  readonly onMessage: (message: ConductorMessage) => void;
  /** Once; the line is closed. */
  readonly onClose: (reason: string) => void;
}

/** A peer's connection with its conductor, whose key was checked. */
export class ConductorLine {
  readonly #options: ConductorLineOptions;
  readonly #socket: TLSSocket;
  readonly #splitter = new MessageSplitter();
  #receipts: Receipt[] = [];
  #isClosed = false;

  private constructor(options: ConductorLineOptions, socket: TLSSocket) {
    this.#options = options;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', (error) => this.#end(reasonOf(error)));
    socket.on('close', () => this.#end('the server closed the connection'));
  }

  /** Connects. Rejects with UNREACHABLE, TIMED_OUT or the signal's reason. */
  static async open(options: ConductorLineOptions): Promise<ConductorLine> {
    const socket = await connectPinned(options);
    return new ConductorLine(options, socket);
  }

  /** The address of the server's machine. */
  get serverAddress(): string {
    return this.#socket.remoteAddress ?? this.#options.url.host;
  }

  send(message: PeerMessage): void {
    if (!this.#isClosed) this.#socket.write(encodePeerMessage(message));
  }

  /** Tells what became of a transfer, together with what follows at once. */
  receipt(receipt: Receipt): void {
    this.#receipts.push(receipt);
    if (this.#receipts.length === 1) this.#options.clock.after(BATCH_MS, () => this.#tellReceipts());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#tellReceipts();
    this.#isClosed = true;
    this.#socket.end(encodePeerMessage({ type: 'bye' }));
    this.#options.clock.after(1000, () => this.#socket.destroy());
  }

  #tellReceipts(): void {
    const receipts = this.#receipts;
    this.#receipts = [];
    for (let at = 0; at < receipts.length; at += 512) {
      this.send({ type: 'receipts', receipts: receipts.slice(at, at + 512) });
    }
  }

  #read(bytes: Buffer): void {
    try {
      for (const message of this.#splitter.push(bytes)) {
        if (this.#isClosed) return;
        this.#options.onMessage(decodeConductorMessage(message));
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#end(`it broke the protocol: ${error.message}`);
    }
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#options.onClose(reason);
  }
}

function connectPinned({ url, displayUrl, clock, signal }: ConductorLineOptions): Promise<TLSSocket> {
  const failed = (reason: string) => new DistreamError('UNREACHABLE', { url: displayUrl, reason });
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({
      host: url.host,
      port: url.port,
      ALPNProtocols: [SWARM_ALPN],
      minVersion: 'TLSv1.3',
      // With a pinned key the certificate's signer and name mean nothing: the key itself is compared below.
      rejectUnauthorized: url.key === undefined,
    });
    const settle = (error: unknown) => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      socket.off('error', refused);
      if (error === undefined) return resolve(socket);
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const timer = clock.after(CONNECT_MS, () => {
      settle(new DistreamError('TIMED_OUT', { url: displayUrl, seconds: CONNECT_MS / 1000 }));
    });
    const abort = () => settle(signal.reason);
    const refused = (error: Error) => settle(failed(reasonOf(error)));
    signal.addEventListener('abort', abort);
    socket.on('error', refused);
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== SWARM_ALPN) return settle(failed('it does not speak this dialect'));
      settle(url.key && !hasKey(socket, url.key) ? failed('its key is not the one in the address') : undefined);
    });
  });
}

function hasKey(socket: TLSSocket, key: Buffer): boolean {
  const { raw } = socket.getPeerCertificate();
  return rawPublicKey(new X509Certificate(raw).publicKey)?.equals(key) === true;
}
