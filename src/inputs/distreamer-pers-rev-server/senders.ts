import type { Socket } from 'node:net';
import { ProtocolViolation } from '../../core/errors.ts';
import { SilenceWatch } from '../../core/silence-watch.ts';
import type { InputContext } from '../../modules/input.ts';
import { answerAndClose } from '../../net/answers.ts';
import { PushReceiver, withoutError } from '../../protocols/distreamer/push-session.ts';
import type { WireReader } from '../../protocols/distreamer/wire-reader.ts';
import { sessionSink } from '../distreamer/session-sink.ts';

/** What the connections of one input share. */
export interface SendersOptions {
  readonly context: Pick<InputContext<unknown>, 'openSession' | 'clock' | 'log'>;
  readonly reader: WireReader;
  readonly password: string;
  /** Silence that ends a connection. */
  readonly timeoutMs: number;
  readonly maxConnections: number;
}

interface Sender {
  readonly socket: Socket;
  readonly address: string;
  readonly receiver: PushReceiver;
  /** Ends its session; undefined while it has none. */
  end: (() => void) | undefined;
}

/** Time for the password. */
const LOGIN_TIMEOUT_MS = 10_000;

/** Those who connect to send. The one that logged in last is heard; an older one is dropped when it speaks again. */
export class Senders {
  readonly #options: SendersOptions;
  readonly #sockets = new Set<Socket>();
  #current: Sender | undefined;
  /** Totals. */
  readonly counters = {
    connections: 0,
    turned_away: 0,
    passwords_refused: 0,
    refused: 0,
    timed_out: 0,
    taken_over: 0,
    bytes_received: 0,
  };

  constructor(options: SendersOptions) {
    this.#options = options;
  }

  /** Takes a connection over. */
  accept(socket: Socket): void {
    const { context, password, maxConnections, reader } = this.#options;
    // An error is followed by `close`.
    socket.on('error', () => {});
    if (this.#sockets.size >= maxConnections) {
      this.counters.turned_away++;
      socket.destroy();
      return;
    }
    this.counters.connections++;
    this.#sockets.add(socket);
    const receiver = new PushReceiver({
      password,
      onLogin: () => this.#takeOver(sender),
      onMessage: (message) => reader.push(withoutError(message)),
    });
    const sender: Sender = { socket, address: socket.remoteAddress ?? '', receiver, end: undefined };
    const loginTimer = context.clock.after(LOGIN_TIMEOUT_MS, () => {
      if (!receiver.isReceiving) this.#expire(sender);
    });
    let watch: SilenceWatch | undefined;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('close', () => {
      loginTimer.cancel();
      watch?.cancel();
      this.#remove(sender);
    });
    socket.on('data', (chunk: Buffer) => {
      this.#receive(sender, chunk);
      if (!receiver.isReceiving || socket.destroyed) return;
      loginTimer.cancel();
      watch ??= new SilenceWatch(context.clock, this.#options.timeoutMs, () => this.#expire(sender));
      watch.heard();
    });
  }

  /** Disconnects all and ends the session. */
  close(): void {
    this.#current?.end?.();
    this.#current = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  #receive(sender: Sender, chunk: Buffer): void {
    const { socket, receiver, address } = sender;
    const isOlder = receiver.isReceiving && sender !== this.#current;
    if (isOlder) return void socket.destroy();
    this.counters.bytes_received += chunk.length;
    try {
      receiver.receive(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.counters.refused++;
      this.#options.context.log.warn(`a sender broke the protocol: ${error.message}`, { address });
      return void socket.destroy();
    }
    this.#answer(sender);
  }

  #answer({ socket, receiver, address }: Sender): void {
    const answer = receiver.next();
    if (!answer) return;
    if (!receiver.isRefused) return void socket.write(answer);
    this.counters.passwords_refused++;
    this.#options.context.log.debug('a sender gave a wrong password', { address });
    answerAndClose(socket, answer, this.#options.context.clock);
  }

  /** The session of the older one ends: what it left without a list comes again from this one. */
  #takeOver(sender: Sender): readonly number[] {
    const { context, reader } = this.#options;
    if (this.#current) {
      this.counters.taken_over++;
      context.log.info('a newer sender takes over', { address: sender.address, before: this.#current.address });
      this.#current.end?.();
    } else {
      context.log.info('a sender connected', { address: sender.address });
    }
    const { sink, end } = sessionSink(context, sender.address);
    sender.end = end;
    this.#current = sender;
    reader.connect(sink);
    return reader.heldNumbers;
  }

  #expire(sender: Sender): void {
    this.counters.timed_out++;
    if (sender === this.#current) {
      const seconds = this.#options.timeoutMs / 1000;
      this.#options.context.log.warn(`the sender sent nothing for ${seconds} s`, { address: sender.address });
    }
    sender.socket.destroy();
  }

  #remove(sender: Sender): void {
    this.#sockets.delete(sender.socket);
    if (sender !== this.#current) return;
    this.#current = undefined;
    sender.end?.();
    this.#options.context.log.info('the sender left', { address: sender.address });
  }
}
