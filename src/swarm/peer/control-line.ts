import type { Socket } from 'node:net';
import { ClientSession, type ClientSessionOptions } from '../../protocols/pdtp/client-session.ts';

/** A coordinator that does not read what it is told. */
const MAX_UNSENT_BYTES = 4 * 2 ** 20;
const KEEP_ALIVE_MS = 60_000;
const SILENT = 'it closed the connection without a word, as a port of pdtps:// does';

/** A connection with a coordinator: a session on a socket. */
export class ControlLine {
  readonly session: ClientSession;
  readonly #socket: Socket;
  #reason = SILENT;

  /** Takes over a socket that is connected, and registers. `onEnd` is called once, with words for people. */
  constructor(socket: Socket, options: ClientSessionOptions, onEnd: (reason: string) => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.session = new ClientSession({
      ...options,
      onEvent: (event) => {
        if (event.type === 'protocol_error') this.#reason = event.message || this.#reason;
        options.onEvent(event);
      },
    });
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => onEnd(this.#reason));
    this.flush();
  }

  /** Sends what the session has to say; to be called after its methods. */
  flush(): void {
    if (this.session.pendingBytes === 0 || this.#socket.destroyed) return;
    this.#socket.write(this.session.takeOutput());
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.#socket.destroy();
  }

  /** Ends the connection once what was said is sent. */
  close(): void {
    this.#socket.destroySoon();
  }

  #receive(bytes: Buffer): void {
    if (this.#reason === SILENT) this.#reason = 'it closed the connection';
    try {
      this.session.receive(bytes);
      this.flush();
    } catch (error) {
      this.#reason = `it broke the protocol: ${(error as Error).message}`;
      this.#socket.destroy();
    }
  }
}
