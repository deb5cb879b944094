import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ProtocolViolation } from '../../core/errors.ts';
import { RecordOpener, RecordSealer, SEALED_KEY_BYTES, SEALED_LABEL } from '../../protocols/swarm/sealed-records.ts';
import type { TlsStretch } from './tls-stretch.ts';

/** A connection on which TLS is up. */
export interface SecuredConnection {
  readonly socket: Socket;
  readonly stretch: TlsStretch;
  readonly tls: TLSSocket;
}

/** Who listens to a channel. */
export interface ChannelEvents {
  /** What the other side said; may throw ProtocolViolation. */
  onBytes(bytes: Buffer): void;
  /** Once; nothing comes after it. */
  onClose(reason: string | undefined): void;
}

const KEEP_ALIVE_MS = 60_000;
const NO_CONTEXT = Buffer.alloc(0);

/**
 * The connection between a peer and the conductor: TLS first, and sealed records when both have said that they can. TLS is
 * then ended as it should be, in both directions, and its memory is given back.
 */
export class ControlChannel {
  readonly #socket: Socket;
  readonly #events: ChannelEvents;
  #stretch: TlsStretch | undefined;
  #tls: TLSSocket | undefined;
  #sealer: RecordSealer | undefined;
  #opener: RecordOpener | undefined;
  /** What is to be sealed when the last of TLS is out; undefined: it is. */
  #waiting: Buffer[] | undefined = [];
  #hasHeardTlsEnd = false;
  #isEnding = false;
  #isClosed = false;
  #reason: string | undefined;

  /** Owns the connection from here on. */
  constructor({ socket, stretch, tls }: SecuredConnection, events: ChannelEvents) {
    this.#socket = socket;
    this.#stretch = stretch;
    this.#tls = tls;
    this.#events = events;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('error', (error) => this.destroy(error.message));
    socket.on('close', () => this.#closed());
    tls.on('error', (error) => this.destroy(error.message));
    // Without a tls.Server, Node.js tells of a bad record on the side of the server by this event only.
    tls.on('_tlsError', (error: Error) => this.destroy(error.message));
    tls.on('data', (bytes: Buffer) => this.#hear(bytes));
    tls.on('end', () => this.#tlsEnded());
    stretch.on('mark', this.#marked);
    if (stretch.isOver) setImmediate(this.#marked);
    if (!tls.destroyed && !socket.destroyed) return;
    this.destroy('TLS broke');
    // The socket may have told that it is closed before somebody listened.
    setImmediate(() => this.#closed());
  }

  /** The other side's address. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed;
  }

  /** Bytes that were sent and wait in the process. */
  get unsentBytes(): number {
    const waiting = this.#waiting?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    return waiting + this.#socket.writableLength + (this.#tls?.writableLength ?? 0);
  }

  send(bytes: Buffer): void {
    if (this.#isEnding || this.#socket.destroyed) return;
    if (!this.#sealer) this.#tls!.write(bytes);
    else if (this.#waiting) this.#waiting.push(bytes);
    else this.#socket.write(this.#sealer.seal(bytes));
  }

  /** Both sides can: what is sent from now on is sealed. */
  leaveTls(side: 'peer' | 'conductor'): void {
    const tls = this.#tls;
    if (!tls || this.#sealer || this.#isEnding) return;
    const keys = tls.exportKeyingMaterial(SEALED_KEY_BYTES, SEALED_LABEL, NO_CONTEXT);
    const half = SEALED_KEY_BYTES / 2;
    const [peers, conductors] = [keys.subarray(0, half), keys.subarray(half)];
    this.#sealer = new RecordSealer(side === 'peer' ? peers : conductors);
    this.#opener = new RecordOpener(side === 'peer' ? conductors : peers);
    tls.end(() => {
      if (this.#socket.destroyed) return;
      const bytes = Buffer.concat(this.#waiting ?? []);
      this.#waiting = undefined;
      // Also without bytes: it tells the other side that TLS is over.
      this.#socket.write(this.#sealer!.seal(bytes));
      if (this.#isEnding) this.#socket.end();
      this.#dropTls();
    });
  }

  /** Sends what waits, and closes. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (!this.#sealer) this.#tls!.end(() => this.#socket.end());
    else if (!this.#waiting) this.#socket.end();
  }

  destroy(reason?: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
    this.#tls?.destroy();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.onClose(this.#reason);
  }

  /** A sealed record was put in before TLS was over: the connection would wait for ever. */
  readonly #marked = (): void => {
    if (!this.#hasHeardTlsEnd) this.destroy('TLS was cut');
  };

  #tlsEnded(): void {
    this.#hasHeardTlsEnd = true;
    // Without an agreement nothing may follow TLS.
    if (!this.#sealer) return this.destroy();
    this.#dropTls();
  }

  /** When both directions of TLS are over. */
  #dropTls(): void {
    if (this.#waiting || !this.#hasHeardTlsEnd || this.#socket.destroyed) return;
    const tls = this.#tls!;
    tls.removeAllListeners();
    tls.on('error', () => {});
    this.#stretch!.off('mark', this.#marked);
    this.#stretch!.release();
    tls.destroy();
    this.#tls = undefined;
    this.#stretch = undefined;
    this.#socket.on('data', (bytes: Buffer) => this.#hearSealed(bytes));
    this.#socket.on('end', () => this.destroy());
    this.#socket.resume();
  }

  #hearSealed(bytes: Buffer): void {
    try {
      const plain = this.#opener!.push(bytes);
      if (plain.length > 0) this.#events.onBytes(plain);
    } catch (error) {
      this.#violated(error);
    }
  }

  #hear(bytes: Buffer): void {
    try {
      this.#events.onBytes(bytes);
    } catch (error) {
      this.#violated(error);
    }
  }

  #violated(error: unknown): void {
    if (!(error instanceof ProtocolViolation)) throw error;
    this.destroy(`it broke the protocol: ${error.message}`);
  }
}
