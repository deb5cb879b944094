import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { SilenceWatch } from '../core/silence-watch.ts';
import { sendParts } from './send-parts.ts';

/** One request and its answer, without a socket. */
export interface Exchange {
  /** True once the head of the request is read and found right. */
  readonly hasHead: boolean;
  /** Takes the next bytes; gives the answer in parts once there is one. */
  receive(chunk: Buffer): readonly Buffer[] | undefined;
}

/** What the connections of a server share. */
export interface ExchangeServerOptions<One extends Exchange> {
  readonly clock: Clock;
  readonly maxConnections: number;
  /** A peer that neither sends nor takes for so long is disconnected. */
  readonly timeoutMs: number;
  readonly begin: (address: string) => One;
  /** There is an answer, of so many bytes. */
  readonly onAnswer?: (exchange: One, bytes: number) => void;
}

/** Time for the head of a request, all of it. */
const HEAD_TIMEOUT_MS = 10_000;

/** Carries exchanges: one a connection, which closes after the answer. */
export class ExchangeServer<One extends Exchange> {
  readonly #options: ExchangeServerOptions<One>;
  readonly #sockets = new Set<Socket>();
  /** Totals. `turned_away`: came when all places were taken. */
  readonly counters = { requests: 0, turned_away: 0, timed_out: 0 };

  constructor(options: ExchangeServerOptions<One>) {
    this.#options = options;
  }

  /** Takes a connection over. */
  accept(socket: Socket): void {
    const { clock, maxConnections, timeoutMs, begin } = this.#options;
    // An error is followed by `close`.
    socket.on('error', () => {});
    if (this.#sockets.size >= maxConnections) {
      this.counters.turned_away++;
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const exchange = begin(socket.remoteAddress ?? '');
    const expire = () => {
      this.counters.timed_out++;
      socket.destroy();
    };
    const headTimer = clock.after(HEAD_TIMEOUT_MS, expire);
    let watch: SilenceWatch | undefined;
    const onProgress = () => watch?.heard();
    socket.setNoDelay(true);
    socket.on('close', () => {
      headTimer.cancel();
      watch?.cancel();
      this.#sockets.delete(socket);
    });
    socket.on('data', (chunk: Buffer) => {
      const answer = exchange.receive(chunk);
      if (exchange.hasHead && !watch) {
        headTimer.cancel();
        watch = new SilenceWatch(clock, timeoutMs, expire);
      }
      if (!socket.writableEnded) onProgress();
      if (!answer) return;
      this.counters.requests++;
      const bytes = answer.reduce((sum, part) => sum + part.length, 0);
      this.#options.onAnswer?.(exchange, bytes);
      sendParts(socket, answer, { onProgress, onDone: () => socket.end() });
    });
  }

  /** Disconnects all. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
