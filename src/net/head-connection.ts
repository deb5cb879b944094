import type { Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { HeadError } from '../protocols/http/head-error.ts';
import { HeadReader, type ReadHead } from '../protocols/http/head-reader.ts';

const TLS_HANDSHAKE = 0x16;

/** What becomes of a connection whose first bytes were read. It is paused, without listeners of the reader. */
export interface HeadHandlers {
  onHead(socket: Socket, read: ReadHead): void;
  /** The first byte begins a TLS handshake; without this handler it is a bad head. */
  onTls?(socket: Socket, first: Buffer): void;
  onBadHead(socket: Socket, error: HeadError): void;
  /** `begun`: some of the head had come. */
  onTimeout(socket: Socket, begun: boolean): void;
}

/** Options of a head reading connection. */
export interface HeadConnectionOptions {
  readonly clock: Clock;
  /** For the whole head. */
  readonly timeoutMs: number;
  readonly handlers: HeadHandlers;
}

/** A connection until its request head is read. Calls one handler, or none when the peer closes first. */
export class HeadConnection {
  readonly #socket: Socket;
  readonly #handlers: HeadHandlers;
  readonly #reader = new HeadReader();
  readonly #timer: Timer;
  #begun = false;

  constructor(socket: Socket, { clock, timeoutMs, handlers }: HeadConnectionOptions) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#timer = clock.after(timeoutMs, () => {
      this.#detach();
      handlers.onTimeout(socket, this.#begun);
    });
    socket.on('data', this.#onData);
    socket.on('close', this.#detach);
    socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#begun && chunk[0] === TLS_HANDSHAKE && this.#handlers.onTls) {
      this.#detach();
      this.#handlers.onTls(this.#socket, chunk);
      return;
    }
    this.#begun = true;
    const read = this.#read(chunk);
    if (!read) return;
    this.#detach();
    if (read instanceof HeadError) this.#handlers.onBadHead(this.#socket, read);
    else this.#handlers.onHead(this.#socket, read);
  };

  #read(chunk: Buffer): ReadHead | HeadError | undefined {
    try {
      return this.#reader.push(chunk);
    } catch (error) {
      if (error instanceof HeadError) return error;
      throw error;
    }
  }

  readonly #detach = (): void => {
    this.#timer.cancel();
    this.#socket.off('data', this.#onData);
    this.#socket.off('close', this.#detach);
    this.#socket.pause();
  };
}
