import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';

/** How a socket is fed. */
export interface SocketFeedOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  /** The next bytes, or undefined when nothing is due. */
  readonly next: () => Buffer | undefined;
  /** Bytes that wait at most, and one message more. */
  readonly queueLimit: number;
}

/** Writes what is due to a socket, as much as its queue may hold; the rest when the socket took what was written. */
export class SocketFeed {
  readonly #options: SocketFeedOptions;
  readonly #onTaken = () => this.#taken();
  /** When the socket last took bytes, or had none waiting. */
  #progressMs: number;
  #isFull = false;
  bytesSent = 0;

  constructor(options: SocketFeedOptions) {
    this.#options = options;
    this.#progressMs = options.clock.nowMs();
  }

  /** For how long the socket took nothing although something waits; 0 when nothing does. */
  get stalledMs(): number {
    const { socket, clock } = this.#options;
    return socket.writableLength === 0 ? 0 : clock.nowMs() - this.#progressMs;
  }

  /** Writes what is due. */
  feed(): void {
    const { socket, clock, next, queueLimit } = this.#options;
    const wasIdle = socket.writableLength === 0;
    socket.cork();
    const hasRoom = () => socket.writableLength < queueLimit;
    while (socket.writable && hasRoom()) {
      const bytes = next();
      if (!bytes) break;
      if (wasIdle) this.#progressMs = clock.nowMs();
      this.bytesSent += bytes.length;
      socket.write(bytes, this.#onTaken);
    }
    this.#isFull = !hasRoom();
    socket.uncork();
  }

  /** `drain` would come too late for a limit below the socket's own. */
  #taken(): void {
    this.#progressMs = this.#options.clock.nowMs();
    if (this.#isFull) this.feed();
  }
}
