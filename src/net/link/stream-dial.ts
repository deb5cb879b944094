import { randomInt } from 'node:crypto';
import { DistreamError, ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { LinkInitiator } from '../../protocols/link/handshake.ts';
import type { StreamConnection } from './carrier.ts';
import type { DialAttempt, DialOptions } from './dial-attempt.ts';
import { StreamTransport } from './path-transport.ts';
import { SecurePath } from './secure-path.ts';

/** For the connection, and for the handshake on it. */
const TIMEOUT_MS = 10_000;
const NO_PAYLOAD = Buffer.alloc(0);

/** Tries to reach an address by TLS or WebSocket, once. */
export function dialByStream(options: DialOptions): DialAttempt {
  return new StreamDial(options);
}

class StreamDial implements DialAttempt {
  readonly #options: DialOptions;
  readonly #abort = new AbortController();
  #connection: StreamConnection | undefined;
  #isOver = false;

  constructor(options: DialOptions) {
    this.#options = options;
    this.#begin().catch((error: unknown) => this.#fail(causeOf(error)));
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort.abort();
    this.#connection?.close();
  }

  async #begin(): Promise<void> {
    const { runtime, address, from, proxy, credentials } = this.#options;
    const { clock, dialer, carriers } = runtime;
    const { signal } = this.#abort;
    const connection = await carriers.dialStream({
      address,
      from,
      proxy,
      dialer,
      timeoutMs: TIMEOUT_MS,
      signal,
      clock,
    });
    if (this.#isOver) return connection.close();
    this.#connection = connection;
    const initiator = new LinkInitiator(credentials, randomInt(2 ** 32), NO_PAYLOAD);
    const timer = clock.after(TIMEOUT_MS, () => this.#fail('it is no link: nothing was answered'));
    signal.addEventListener('abort', () => timer.cancel());
    connection.events = {
      message: (message) => {
        timer.cancel();
        this.#answer(connection, initiator, message);
      },
      writable: () => {},
      closed: () => {
        timer.cancel();
        this.#fail('the peer ended the handshake: wrong key, or it does not know ours');
      },
    };
    connection.send(initiator.hello);
  }

  #answer(connection: StreamConnection, initiator: LinkInitiator, message: Buffer): void {
    if (this.#isOver) return;
    const { runtime, maxBytesPerSecond, events } = this.#options;
    const { clock, refusals } = runtime;
    try {
      const { channel } = initiator.finish(message, clock.nowMs());
      const transport = new StreamTransport(connection, maxBytesPerSecond);
      transport.trust();
      const path = new SecurePath({ transport, channel, clock, refusals });
      connection.events = {
        message: (record) => path.receive(record),
        writable: () => events.writable(path),
        closed: (reason) => events.lost(path, reason),
      };
      this.#isOver = true;
      events.connected(path);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      refusals.count('garbage');
      this.#fail('wrong key: the answer is not genuine');
    }
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.cancel();
    this.#options.events.failed(reason);
  }
}

// The line already names the address: the sentence of the error would name it again.
function causeOf(error: unknown): string {
  if (!(error instanceof DistreamError)) return reasonOf(error);
  const { reason, seconds } = error.details;
  if (typeof reason === 'string') return reason;
  return seconds === undefined ? error.message : `no answer in ${seconds} s`;
}
