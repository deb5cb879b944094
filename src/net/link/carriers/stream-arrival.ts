import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../core/clock.ts';
import { HeadError } from '../../../protocols/http/head-error.ts';
import { HeadReader } from '../../../protocols/http/head-reader.ts';
import { answerUpgrade } from '../../../protocols/websocket/upgrade.ts';
import { answerAndClose, refusalAnswer } from '../../answers.ts';
import type { StreamConnection } from '../carrier.ts';
import { LengthWire, WebSocketWire } from './message-wire.ts';
import { SocketConnection } from './socket-connection.ts';

/** From connecting to the first whole message. */
const TIMEOUT_MS = 10_000;
/** First byte of a TLS connection (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16;
/** `G` of `GET`. */
const HTTP_GET = 0x47;
/** Upper bytes of the length of a hello, 256 to 1,200 bytes. */
const MIN_LENGTH_BYTE = 0x01;
const MAX_LENGTH_BYTE = 0x04;

/** Why a connection was turned away before it became a stream connection. */
export type StreamRefusal =
  /** Too many connections in all, or from one network (/24, /64). */
  | 'limit'
  | 'limit-per-network'
  /** Nothing, or too little, came in time. */
  | 'silent'
  | 'failed-tls'
  /** Link messages without TLS. */
  | 'plain-stream'
  | 'unknown-protocol'
  | 'bad-head'
  /** HTTP, but no WebSocket that is spoken here. */
  | 'not-websocket';

/** What becomes of a connection that came. */
export interface StreamArrivalHandlers {
  /** It begins TLS with these bytes; `secured` follows when that is done. */
  onTls(socket: Socket, first: Buffer): void;
  onConnection(connection: StreamConnection): void;
  onRefused(reason: StreamRefusal): void;
}

/** A TCP connection until it is known what it speaks and the first message came. */
export class StreamArrival {
  readonly #tcp: Socket;
  readonly #clock: Clock;
  readonly #handlers: StreamArrivalHandlers;
  readonly #timer: Timer;
  /** The TCP connection, or TLS on it. */
  #socket: Socket;
  #stage: 'first-byte' | 'tls' | 'head' | 'over' = 'first-byte';
  #connection: SocketConnection | undefined;

  constructor(tcp: Socket, clock: Clock, handlers: StreamArrivalHandlers) {
    this.#tcp = tcp;
    this.#socket = tcp;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#timer = clock.after(TIMEOUT_MS, this.#onLate);
    tcp.on('error', ignoreError);
    tcp.on('close', this.#onGone);
    tcp.once('data', this.#onFirst);
  }

  /** The TLS handshake is done. */
  secured(socket: Socket): void {
    socket.on('error', ignoreError);
    if (this.#stage !== 'tls') {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#stage = 'first-byte';
    socket.once('data', this.#onFirst);
  }

  /** Turns it away, unless it became a connection. */
  drop(): void {
    if (this.#connection) return;
    this.#stage = 'over';
    this.#tcp.destroy();
  }

  readonly #onFirst = (chunk: Buffer): void => {
    this.#socket.pause();
    const isSecure = this.#socket !== this.#tcp;
    const first = chunk[0]!;
    if (first === TLS_HANDSHAKE && !isSecure) {
      this.#stage = 'tls';
      this.#handlers.onTls(this.#tcp, chunk);
    } else if (first === HTTP_GET) {
      this.#readHead(chunk);
    } else if (first < MIN_LENGTH_BYTE || first > MAX_LENGTH_BYTE) {
      this.#refuse('unknown-protocol');
    } else if (isSecure) {
      this.#hand('tls', chunk);
    } else {
      this.#refuse('plain-stream');
    }
  };

  #readHead(first: Buffer): void {
    const socket = this.#socket;
    const reader = new HeadReader();
    this.#stage = 'head';
    const onData = (chunk: Buffer) => {
      try {
        const read = reader.push(chunk);
        if (!read) return;
        socket.off('data', onData);
        socket.pause();
        const { refusal, bytes } = answerUpgrade(read.head);
        if (refusal !== undefined) return this.#refuse('not-websocket', bytes);
        socket.write(bytes);
        this.#hand(socket === this.#tcp ? 'ws' : 'wss', read.rest);
      } catch (error) {
        if (!(error instanceof HeadError)) throw error;
        socket.off('data', onData);
        this.#refuse('bad-head', refusalAnswer(error.status, error.message));
      }
    };
    socket.on('data', onData);
    socket.resume();
    onData(first);
  }

  #hand(carrier: StreamConnection['carrier'], rest: Buffer): void {
    const socket = this.#socket;
    this.#stage = 'over';
    if (rest.length > 0) socket.unshift(rest);
    const wire = carrier === 'tls' ? new LengthWire() : new WebSocketWire('server');
    const onFirstMessage = () => this.#timer.cancel();
    this.#connection = new SocketConnection({ socket, carrier, wire, clock: this.#clock, onFirstMessage });
    this.#handlers.onConnection(this.#connection);
  }

  #refuse(reason: StreamRefusal, answer?: Buffer): void {
    this.#stage = 'over';
    this.#timer.cancel();
    if (answer) answerAndClose(this.#socket, answer, this.#clock);
    else this.#tcp.destroy();
    this.#handlers.onRefused(reason);
  }

  readonly #onLate = (): void => {
    if (this.#connection) this.#connection.fail(`no message came in ${TIMEOUT_MS / 1000} s`);
    else if (this.#stage !== 'over') this.#refuse('silent');
  };

  readonly #onGone = (): void => {
    this.#timer.cancel();
    if (this.#stage === 'tls') this.#refuse('failed-tls');
    this.#stage = 'over';
  };
}

/** `close` follows it. */
function ignoreError(): void {}
