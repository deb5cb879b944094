import type { Socket } from 'node:net';
import { silentLogger } from '../../src/core/logger.ts';
import type { LinkAddress } from '../../src/modules/link.ts';
import { createDialer } from '../../src/net/dial.ts';
import type { StreamConnection } from '../../src/net/link/carrier.ts';
import { type DialStreamOptions, dialStream } from '../../src/net/link/carriers/stream-dialer.ts';
import {
  listenForStreams,
  type StreamListener,
  type StreamListenerOptions,
} from '../../src/net/link/carriers/stream-listener.ts';
import { eventually } from './eventually.ts';
import { FakeClock } from './fake-clock.ts';

/** One end of a stream connection that keeps what it is told. */
export class StreamEnd {
  readonly connection: StreamConnection;
  readonly messages: Buffer[] = [];
  readonly reasons: string[] = [];
  writableCount = 0;
  onMessage: (message: Buffer) => void = () => {};

  constructor(connection: StreamConnection) {
    this.connection = connection;
    connection.events = {
      message: (message) => {
        this.messages.push(message);
        this.onMessage(message);
      },
      writable: () => this.writableCount++,
      closed: (reason) => this.reasons.push(reason),
    };
  }

  send(text: string): boolean {
    return this.connection.send(Buffer.from(text, 'latin1'));
  }

  get texts(): string[] {
    return this.messages.map((message) => message.toString('latin1'));
  }

  async untilMessages(count: number): Promise<Buffer[]> {
    await eventually(`${count} messages`, () => this.messages.length >= count);
    return this.messages;
  }

  untilClosed(): Promise<string> {
    return eventually('the end of the connection', () => this.reasons[0]);
  }
}

/** A listening side and what dials it, on this machine, with a clock that stands still. */
export class StreamCarrierRig {
  readonly clock = new FakeClock(Date.now());
  readonly ends: StreamEnd[] = [];
  readonly refusals: string[] = [];
  onAccepted: (end: StreamEnd) => void = () => {};
  #listener: StreamListener | undefined;
  #dialled: StreamEnd[] = [];

  async listen(options: Partial<StreamListenerOptions> = {}): Promise<number> {
    this.#listener = await listenForStreams({
      host: '127.0.0.1',
      port: 0,
      clock: this.clock,
      log: silentLogger,
      certificate: undefined,
      limits: { connections: 100, connectionsPerNetwork: 100 },
      onConnection: (connection) => {
        const end = new StreamEnd(connection);
        this.ends.push(end);
        this.onAccepted(end);
      },
      onRefused: (reason) => void this.refusals.push(reason),
      ...options,
    });
    return this.#listener.port;
  }

  /** The listening end of the connection that came last; waits for it. */
  async accepted(count = 1): Promise<StreamEnd> {
    return eventually('a connection', () => this.ends[count - 1]);
  }

  async refusal(count = 1): Promise<string> {
    return eventually('a refusal', () => this.refusals[count - 1]);
  }

  async dial(address: Partial<LinkAddress>, options: Partial<DialStreamOptions> = {}): Promise<StreamEnd> {
    const connection = await dialStream({
      address: { carrier: 'tls', host: '127.0.0.1', port: this.#listener?.port ?? 0, path: '/', ...address },
      dialer: this.dialer(),
      timeoutMs: 5000,
      signal: new AbortController().signal,
      clock: this.clock,
      ...options,
    });
    const end = new StreamEnd(connection);
    this.#dialled.push(end);
    return end;
  }

  /** Names lead to this machine. */
  dialer(onSocket: (socket: Socket) => void = () => {}): DialStreamOptions['dialer'] {
    const dial = createDialer({ allow: [], lookup: async () => ['127.0.0.1'], clock: this.clock });
    return async (target) => {
      const socket = await dial(target);
      onSocket(socket);
      return socket;
    };
  }

  /** Stops listening only. */
  stopListening(): void {
    this.#listener?.close();
  }

  /** Ends all, and waits until no timer is left. */
  async close(): Promise<void> {
    for (const end of [...this.#dialled, ...this.ends]) end.connection.close();
    this.#listener?.close();
    await eventually('the end of all timers', () => this.clock.pendingCount === 0);
  }
}
