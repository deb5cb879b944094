import { randomInt } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { decodeHello, type Hello } from '../../protocols/link/handshake-messages.ts';
import type { StreamConnection } from './carrier.ts';
import { greetingFault } from './greeting.ts';
import { HalfOpen, type HalfOpenEntry } from './half-open.ts';
import type { Handshakes, HelloAnswer } from './handshakes.ts';
import type { LinkRuntime } from './link-runtime.ts';
import { StreamTransport } from './path-transport.ts';
import type { SecurePath } from './secure-path.ts';
import type { SessionDriver } from './session-driver.ts';

/** Takes the first message of connections by stream carriers. */
export class StreamGreeter {
  readonly #runtime: LinkRuntime;
  readonly #handshakes: Handshakes;
  readonly #silent: HalfOpen<HalfOpenEntry>;
  #count = 0;

  constructor(runtime: LinkRuntime, handshakes: Handshakes) {
    this.#runtime = runtime;
    this.#handshakes = handshakes;
    this.#silent = new HalfOpen(runtime.clock, runtime.refusals);
  }

  /** The connection is the greeter's until a session takes it. */
  greet(connection: StreamConnection): void {
    const key = `${++this.#count}`;
    connection.events = {
      message: (message) => {
        this.#silent.remove(key);
        this.#hello(connection, message);
      },
      writable: () => {},
      closed: () => this.#silent.remove(key),
    };
    this.#silent.add(key, { drop: () => connection.close() });
  }

  close(): void {
    this.#silent.close();
  }

  #hello(connection: StreamConnection, message: Buffer): void {
    const { refusals } = this.#runtime;
    let hello: Hello;
    try {
      hello = decodeHello(message);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      refusals.turnAway(greetingFault(message), connection.remoteAddress, error.message);
      return connection.close();
    }
    const answer = this.#answer(connection, hello);
    if (answer) connection.send(answer.message);
    else connection.close();
  }

  #answer(connection: StreamConnection, hello: Hello): HelloAnswer | undefined {
    let driver: SessionDriver | undefined;
    let path: SecurePath | undefined;
    const answer = this.#handshakes.answer(hello, {
      remote: `${connection.carrier} ${connection.remote}`,
      remoteAddress: connection.remoteAddress,
      newConnectionId: () => randomInt(2 ** 32),
      transport: (_id, maxBytesPerSecond) => new StreamTransport(connection, maxBytesPerSecond),
      joined: (joined) => {
        driver = joined;
        if (path?.transport instanceof StreamTransport) path.transport.trust();
      },
    });
    if (!answer) return undefined;
    path = answer.path;
    connection.events = {
      message: (record) => answer.path.receive(record),
      writable: () => driver?.writable(answer.path),
      closed: () => driver?.lost(answer.path),
    };
    return answer;
  }
}
