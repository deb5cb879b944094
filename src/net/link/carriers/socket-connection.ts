import type { Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { ProtocolViolation, reasonOf } from '../../../core/errors.ts';
import type { StreamConnection, StreamConnectionEvents } from '../carrier.ts';
import { hostPort, plainAddress } from './host-port.ts';
import type { MessageWire, WireEvent } from './message-wire.ts';

/** Above this the carrier is full: what waits here cannot go another way, and each second of it is old when it goes. */
const FULL_BYTES = 64 * 1024;
/** Who sends on though the carrier is full would fill the memory. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** For the last words to arrive. */
const LINGER_MS = 1_000;
/** TCP with timestamps over IPv4 and IPv6; a record of TLS 1.3 (RFC 8446, section 5.2: header, kind, tag). */
const TCP_IPV4_BYTES = 52;
const TCP_IPV6_BYTES = 72;
const TLS_RECORD_BYTES = 22;

const NO_EVENTS: StreamConnectionEvents = { message() {}, writable() {}, closed() {} };

/** What a connection is made of. */
export interface SocketConnectionOptions {
  /** Connected, paused, TLS already begun. The connection's from here on. */
  readonly socket: Socket;
  readonly carrier: StreamConnection['carrier'];
  readonly wire: MessageWire;
  readonly clock: Clock;
  /** Called once, before the message is handed on. */
  readonly onFirstMessage?: () => void;
}

/** Messages over a socket. It begins to read in the next turn of the event loop. */
export class SocketConnection implements StreamConnection {
  readonly carrier: StreamConnection['carrier'];
  readonly local: string;
  readonly remote: string;
  readonly remoteAddress: string;
  readonly overheadBytes: number;
  events: StreamConnectionEvents = NO_EVENTS;
  readonly #socket: Socket;
  readonly #wire: MessageWire;
  readonly #clock: Clock;
  #onFirstMessage: (() => void) | undefined;
  #isOpen = true;
  #isReading = false;
  #isCorked = false;
  #isFull = false;

  constructor({ socket, carrier, wire, clock, onFirstMessage }: SocketConnectionOptions) {
    this.#socket = socket;
    this.#wire = wire;
    this.#clock = clock;
    this.#onFirstMessage = onFirstMessage;
    this.carrier = carrier;
    this.local = hostPort(socket.localAddress, socket.localPort);
    this.remote = hostPort(socket.remoteAddress, socket.remotePort);
    this.remoteAddress = plainAddress(socket.remoteAddress);
    const tcpBytes = this.remoteAddress.includes(':') ? TCP_IPV6_BYTES : TCP_IPV4_BYTES;
    this.overheadBytes = tcpBytes + (carrier === 'ws' ? 0 : TLS_RECORD_BYTES) + wire.overheadBytes;
    socket.setNoDelay(true);
    socket.on('error', ignoreError);
    socket.on('close', this.#onGone);
    setImmediate(this.#begin);
  }

  get maxMessageBytes(): number {
    return this.#wire.maxMessageBytes;
  }

  set maxMessageBytes(bytes: number) {
    this.#wire.maxMessageBytes = bytes;
  }

  /** Throws RangeError for an empty message and for one above 65,535 bytes. */
  send(message: Buffer): boolean {
    if (!this.#isOpen) return false;
    const bytes = this.#wire.encode(message);
    if (!this.#isCorked) this.#cork();
    this.#socket.write(bytes);
    const queuedBytes = this.#socket.writableLength;
    if (queuedBytes <= FULL_BYTES) return true;
    if (queuedBytes > MAX_QUEUED_BYTES) this.#socket.destroy(new Error('the peer does not read'));
    this.#isFull = true;
    return false;
  }

  close(): void {
    this.#leave(undefined);
  }

  /** As if the peer were gone: `closed` is called with the reason. */
  fail(reason: string): void {
    this.#end(reason, undefined);
  }

  /** What is sent in one turn leaves as one piece. */
  #cork(): void {
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#socket.uncork();
  };

  readonly #begin = (): void => {
    if (!this.#isOpen) return;
    if (this.#socket.destroyed) return this.#tellGone();
    this.#isReading = true;
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onGone);
    this.#socket.on('drain', this.#onDrain);
    this.#socket.resume();
  };

  readonly #onData = (portion: Buffer): void => {
    try {
      for (const event of this.#wire.read(portion)) {
        this.#onEvent(event);
        if (!this.#isOpen) return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#end(`the peer broke the protocol: ${error.message}`, error);
    }
  };

  #onEvent(event: WireEvent): void {
    if (event.kind === 'end') return this.#end(event.reason, undefined);
    if (event.kind === 'answer') {
      // a peer that asks and does not read gets no answer (RFC 6455, section 5.5.3 allows to skip some)
      if (this.#socket.writableLength <= FULL_BYTES) this.#socket.write(event.bytes);
      return;
    }
    const first = this.#onFirstMessage;
    this.#onFirstMessage = undefined;
    first?.();
    this.events.message(event.message);
  }

  readonly #onDrain = (): void => {
    if (!this.#isFull || !this.#isOpen) return;
    this.#isFull = false;
    this.events.writable();
  };

  /** Before the first turn nobody listens yet; `begin` tells it then. */
  readonly #onGone = (): void => {
    if (this.#isReading) this.#tellGone();
  };

  #tellGone(): void {
    const error = this.#socket.errored;
    this.#end(error ? reasonOf(error) : 'the peer closed the connection', undefined);
  }

  #end(reason: string, error: unknown): void {
    if (this.#leave(error)) this.events.closed(reason);
  }

  /** Says the last words and lets go; false when that was done before. */
  #leave(error: unknown): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onGone);
    socket.off('drain', this.#onDrain);
    socket.off('close', this.#onGone);
    if (socket.destroyed) return true;
    const last = this.#wire.farewell(error);
    if (last) socket.write(last);
    socket.end();
    // what still comes is read and left: unread bytes would make the system take back what was sent last
    socket.resume();
    const timer = this.#clock.after(LINGER_MS, () => socket.destroy());
    socket.on('close', () => timer.cancel());
    return true;
  }
}

/** `close` follows it. */
function ignoreError(): void {}
