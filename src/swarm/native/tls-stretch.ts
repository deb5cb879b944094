import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { SEALED_MARK } from '../../protocols/swarm/sealed-records.ts';

/** Type, version and length (RFC 8446, section 5.1). */
const HEAD_BYTES = 5;
const LENGTH_AT = 3;

/**
 * A TCP connection as TLS sees it: it is given the records of TLS, and ends where a sealed record begins. What comes from
 * there on waits, with the connection paused, until `release`. It tells `mark` a turn after it was there: TLS is over by
 * then, unless the mark was put in by somebody who does not have its keys.
 */
export class TlsStretch extends Duplex {
  readonly #socket: Socket;
  /** Of the record that is being read: bytes of the head that came, and bytes of the body that are still to come. */
  #headBytes = 0;
  #bodyBytes = 0;
  #lengthHigh = 0;
  #isOver = false;
  #isReleased = false;
  readonly #onData = (bytes: Buffer) => this.#take(bytes);
  readonly #onEnd = () => void this.push(null);

  /** The connection must not be flowing yet; it stays the caller's. */
  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
  }

  /** True when a sealed record begins after what TLS was given. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Gives the connection back, paused: TLS neither reads nor writes it any more. */
  release(): void {
    this.#isOver = true;
    this.#isReleased = true;
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
  }

  override _read(): void {
    if (!this.#isOver) this.#socket.resume();
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#isReleased || this.#socket.destroyed) return done();
    this.#socket.write(bytes, () => done());
  }

  #take(bytes: Buffer): void {
    const end = this.#endOfTls(bytes);
    const isFull = end > 0 && !this.push(end === bytes.length ? bytes : bytes.subarray(0, end));
    if (end === bytes.length) {
      if (isFull) this.#socket.pause();
      return;
    }
    this.#isOver = true;
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.unshift(bytes.subarray(end));
    setImmediate(() => this.emit('mark'));
  }

  /** How many of the bytes are TLS's. */
  #endOfTls(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#bodyBytes > 0) {
        const count = Math.min(this.#bodyBytes, bytes.length - at);
        this.#bodyBytes -= count;
        at += count;
        continue;
      }
      if (this.#headBytes === 0 && bytes[at] === SEALED_MARK) return at;
      this.#readHead(bytes[at++]!);
    }
    return at;
  }

  #readHead(byte: number): void {
    this.#headBytes++;
    if (this.#headBytes === LENGTH_AT + 1) this.#lengthHigh = byte;
    if (this.#headBytes < HEAD_BYTES) return;
    this.#bodyBytes = this.#lengthHigh * 256 + byte;
    this.#headBytes = 0;
  }
}
