import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation, reasonOf } from '../../core/errors.ts';
import type { SecureChannel } from '../../protocols/link/handshake.ts';
import { MAX_HELLO_BYTES } from '../../protocols/link/handshake-messages.ts';
import { encodeFrame, FrameDecoder, MAX_FRAMED_BYTES } from '../../protocols/link/stream-framing.ts';

/** How one side takes the other's first message. */
export interface Greeting {
  /** Sent at once: the initiator's hello. */
  readonly opening?: Buffer;
  /** Takes the other side's first message: the session, and what to send back. Throws ProtocolViolation. */
  take(message: Buffer): { readonly channel: SecureChannel; readonly reply?: Buffer };
}

/** A TCP socket, or what stands for one. */
export type ByteStream = Duplex & { setNoDelay?(isOn: boolean): unknown };

/** The other side has ended the connection, or answered nonsense, before both had proved themselves. */
export class GreetingRefused extends Error {}

/** What a stream is made of. */
export interface SecureStreamOptions {
  readonly socket: ByteStream;
  readonly clock: Clock;
  readonly greeting: Greeting;
  /** A genuine message; it may be a view: use it during the call. Throws ProtocolViolation, which ends the stream. */
  readonly onMessage: (message: Buffer) => void;
  /** Told once, with the reason in words. */
  readonly onClose: (reason: string) => void;
  /** How long without a message from the other side until it counts as gone. */
  readonly silenceMs: number;
}

const GREETING_MS = 10_000;

/**
 * A TCP connection that carries the records of a link: both sides have proved themselves, nothing can be read or changed
 * on its way, and nothing can be put in. Owns the socket.
 */
export class SecureStream {
  readonly #options: SecureStreamOptions;
  readonly #decoder = new FrameDecoder(MAX_HELLO_BYTES);
  readonly ready: Promise<void>;
  #channel: SecureChannel | undefined;
  #silence: Timer;
  #isClosed = false;
  #drained: (() => void)[] = [];
  #settle!: { resolve: () => void; reject: (error: Error) => void };

  constructor(options: SecureStreamOptions) {
    this.#options = options;
    const { socket, clock, greeting } = options;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever does not wait for it is told by `onClose`.
    this.ready.catch(() => undefined);
    this.#silence = clock.after(GREETING_MS, () => this.close('no greeting came'));
    socket.setNoDelay?.(true);
    socket.on('data', (bytes) => this.#read(bytes));
    socket.on('drain', () => this.#release());
    socket.on('error', (error) => this.close(reasonOf(error)));
    socket.on('close', () => {
      if (this.#channel) this.close('the connection was closed');
      else this.#end(new GreetingRefused('the connection was closed before any greeting'));
    });
    if (greeting.opening) socket.write(encodeFrame(greeting.opening));
  }

  /** Sends a message; resolves when there is room for more, or the stream is closed. Throws RangeError when it is too long. */
  send(message: Buffer): Promise<void> {
    if (!this.#channel || this.#isClosed) return Promise.resolve();
    const { socket, clock } = this.#options;
    const hasRoom = socket.write(encodeFrame(this.#channel.sealer.seal(message, clock.nowMs())));
    return hasRoom ? Promise.resolve() : new Promise((resolve) => void this.#drained.push(resolve));
  }

  /** Stops and goes on reading: so a side that asks too fast is held up. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#options.socket.pause();
    else this.#options.socket.resume();
  }

  /** Ends the connection; what was sent still leaves. */
  close(reason = 'ended'): void {
    this.#end(new Error(reason));
  }

  #end(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#silence.cancel();
    this.#options.socket.end(() => this.#options.socket.destroy());
    this.#options.clock.after(1000, () => this.#options.socket.destroy());
    this.#settle.reject(error);
    this.#release();
    this.#options.onClose(error.message);
  }

  #release(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #read(bytes: Buffer): void {
    try {
      for (const message of this.#decoder.push(bytes)) {
        if (this.#isClosed) return;
        this.#take(message);
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#end(this.#channel ? new Error(error.message) : new GreetingRefused(error.message));
    }
  }

  #take(message: Buffer): void {
    const { clock, socket, greeting, silenceMs, onMessage } = this.#options;
    this.#silence.cancel();
    this.#silence = clock.after(silenceMs, () => this.close('the other side says nothing any more'));
    if (this.#channel) {
      const record = this.#channel.opener.open(message, clock.nowMs());
      if (typeof record === 'string') throw new ProtocolViolation(`a record that is not genuine (${record})`);
      onMessage(record.payload);
      return;
    }
    const { channel, reply } = greeting.take(message);
    this.#channel = channel;
    this.#decoder.maxBytes = MAX_FRAMED_BYTES;
    if (reply) socket.write(encodeFrame(reply));
    this.#settle.resolve();
  }
}
