import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { OutputReport } from '../../modules/output.ts';
import { PullSession } from '../../protocols/distreamer/pull-session.ts';
import type { WireStore } from '../../protocols/distreamer/wire-store.ts';
import { SocketFeed } from '../distreamer/socket-feed.ts';

/** What the clients of one output share. */
export interface PullClientsOptions {
  readonly store: WireStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly password: string;
  /** A client that could take nothing for so long is dropped. */
  readonly timeout: number;
  /** Bytes that wait for one client at most (and one message more). */
  readonly queueLimit: number;
  readonly maxClients: number;
}

interface Client {
  readonly socket: Socket;
  readonly session: PullSession;
  /** Runs until the request is whole, or an answer is taken. */
  readonly deadline: Timer;
  readonly feed: SocketFeed;
  isFeeding: boolean;
}

/** Time for the request to come, and for the last answer to go. */
const HEAD_TIMEOUT_MS = 10_000;

/** Gives each connection what its session says, within the bounds of its queue. */
export class PullClients {
  readonly #options: PullClientsOptions;
  readonly #clients = new Set<Client>();
  readonly #counters = {
    connections: 0,
    refused: 0,
    passwords_refused: 0,
    bytes_sent: 0,
    slow_dropped: 0,
    evicted_fragments: 0,
  };

  constructor(options: PullClientsOptions) {
    this.#options = options;
  }

  /** Clients that are given the stream. */
  get feedingCount(): number {
    let count = 0;
    for (const client of this.#clients) if (client.isFeeding) count++;
    return count;
  }

  /** Takes a connection over. */
  accept(socket: Socket): void {
    const { store, password, clock, maxClients, queueLimit } = this.#options;
    // An error is followed by `close`.
    socket.on('error', () => {});
    if (this.#clients.size >= maxClients) {
      this.#counters.refused++;
      socket.destroy();
      return;
    }
    this.#counters.connections++;
    const session = new PullSession({ store, password, clientCount: () => this.feedingCount });
    const deadline = clock.after(HEAD_TIMEOUT_MS, () => socket.destroy());
    const feed = new SocketFeed({ socket, clock, next: () => session.next(), queueLimit });
    const client: Client = { socket, session, deadline, feed, isFeeding: false };
    this.#clients.add(client);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('close', () => this.#remove(client));
    socket.on('data', (chunk: Buffer) => this.#receive(client, chunk));
  }

  /** Gives every client what is due to it. */
  feed(): void {
    for (const client of this.#clients) this.#feed(client);
  }

  /** Time for the lists. */
  interval(): void {
    for (const client of this.#clients) {
      client.session.interval();
      this.#feed(client);
      if (client.feed.stalledMs < this.#options.timeout) continue;
      this.#counters.slow_dropped++;
      client.socket.destroy();
    }
  }

  /** Disconnects all. */
  close(): void {
    for (const { socket } of this.#clients) socket.destroy();
  }

  report(): OutputReport {
    const listeners = this.feedingCount;
    const counters = { ...this.#counters };
    for (const { session, feed } of this.#clients) {
      counters.bytes_sent += feed.bytesSent;
      counters.evicted_fragments += session.evicted;
    }
    return { state: 'ready', listeners, counters };
  }

  #receive(client: Client, chunk: Buffer): void {
    if (client.isFeeding) return;
    try {
      client.session.receive(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#counters.refused++;
      client.socket.destroy();
      return;
    }
    this.#answered(client);
    this.#feed(client);
  }

  #answered(client: Client): void {
    const { session, socket, deadline } = client;
    const address = socket.remoteAddress;
    if (session.state === 'feeding') {
      client.isFeeding = true;
      deadline.cancel();
      this.#options.log.info('a client connected', { address });
    }
    if (session.isRefused) {
      this.#counters.passwords_refused++;
      this.#options.log.debug('a client gave a wrong password', { address });
    }
  }

  #feed({ session, socket, feed }: Client): void {
    feed.feed();
    if (session.state === 'ending' && socket.writable) socket.end();
  }

  #remove(client: Client): void {
    if (!this.#clients.delete(client)) return;
    client.deadline.cancel();
    this.#counters.bytes_sent += client.feed.bytesSent;
    this.#counters.evicted_fragments += client.session.evicted;
    if (client.isFeeding) this.#options.log.info('a client left', { address: client.socket.remoteAddress });
  }
}
