import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { ProtocolViolation, reasonOf } from '../../core/errors.ts';
import { LinkInitiator, type SecureChannel } from '../../protocols/link/handshake.ts';
import { messageKindOf } from '../../protocols/link/message-kind.ts';
import type { DialAttempt, DialOptions } from './dial-attempt.ts';
import type { LinkCarriers } from './link-carriers.ts';
import { UdpTransport } from './path-transport.ts';
import { SecurePath } from './secure-path.ts';
import { WakeTimer } from './wake-timer.ts';

/** After this long it is tried by a new socket, so from a new port, and the name is asked for again. */
const ATTEMPT_MS = 8000;
/** Silence after which it is said that there is no answer. */
const UNANSWERED_MS = 3000;
/** Addresses of a name that are tried at once. */
const MAX_ADDRESSES = 4;
const NO_PAYLOAD = Buffer.alloc(0);
const NO_ANSWER = 'no answer: wrong address, wrong key, or a firewall';

type OpenedPort = Awaited<ReturnType<LinkCarriers['openDatagramPort']>>;

/** One of the addresses, with a socket and a handshake of its own. */
interface Candidate {
  readonly port: OpenedPort;
  readonly to: { readonly address: string; readonly port: number };
  readonly initiator: LinkInitiator;
}

/** Tries to reach an address by UDP for some seconds: the hello again and again, to each address of the name. */
export function dialUdp(options: DialOptions): DialAttempt {
  return new UdpDial(options);
}

class UdpDial implements DialAttempt {
  readonly #options: DialOptions;
  readonly #candidates: Candidate[] = [];
  readonly #timer: WakeTimer;
  readonly #startMs: number;
  #nextHelloMs = 0;
  #isTold = false;
  #isOver = false;

  constructor(options: DialOptions) {
    this.#options = options;
    this.#startMs = options.runtime.clock.nowMs();
    this.#timer = new WakeTimer(options.runtime.clock, () => this.#tick());
    this.#begin().catch((error: unknown) => this.#fail(reasonOf(error)));
  }

  cancel(): void {
    this.#end(undefined);
  }

  async #begin(): Promise<void> {
    const { runtime, address, from } = this.#options;
    const found = await runtime.names.resolve(address.host);
    const family = from === undefined ? 0 : isIP(from);
    const fitting = found.filter((each) => family === 0 || isIP(each) === family).slice(0, MAX_ADDRESSES);
    if (fitting.length === 0) throw new Error(family === 0 ? 'no such host' : `no IPv${family} address`);
    let failure: unknown;
    for (const each of fitting) {
      if (this.#isOver) return;
      // The line of one family may be missing while the other works.
      await this.#open(each).catch((error: unknown) => {
        failure = error;
      });
    }
    if (this.#candidates.length === 0) throw failure;
    this.#tick();
  }

  async #open(address: string): Promise<void> {
    const { runtime, credentials, from } = this.#options;
    const wildcard = isIP(address) === 6 ? '::' : '0.0.0.0';
    const port = await runtime.carriers.openDatagramPort({ host: from ?? wildcard, port: 0 });
    if (this.#isOver) return port.close();
    const initiator = new LinkInitiator(credentials, randomInt(2 ** 32), NO_PAYLOAD);
    const candidate: Candidate = { port, to: { address, port: this.#options.address.port }, initiator };
    port.onDatagram = (datagram) => this.#receive(candidate, datagram);
    this.#candidates.push(candidate);
  }

  #tick(): void {
    if (this.#isOver) return;
    const nowMs = this.#options.runtime.clock.nowMs();
    const waitedMs = nowMs - this.#startMs;
    if (waitedMs >= ATTEMPT_MS) return this.#fail(this.#silence);
    if (waitedMs >= UNANSWERED_MS && !this.#isTold) {
      this.#isTold = true;
      this.#options.events.unanswered(this.#silence);
    }
    if (nowMs >= this.#nextHelloMs) {
      this.#nextHelloMs = nowMs + this.#options.backoff.next();
      for (const { port, to, initiator } of this.#candidates) port.send(initiator.hello, to);
    }
    this.#timer.at(this.#nextHelloMs, nowMs + 1);
  }

  get #silence(): string {
    const unsent = this.#candidates.map(({ port }) => port.lastSendError);
    return unsent.every((reason) => reason !== undefined) ? unsent[0]! : NO_ANSWER;
  }

  #receive(candidate: Candidate, datagram: Buffer): void {
    if (this.#isOver) return;
    try {
      const kind = messageKindOf(datagram);
      if (kind === 'retry') this.#retry(candidate, datagram);
      if (kind === 'response') {
        const { channel } = candidate.initiator.finish(datagram, this.#options.runtime.clock.nowMs());
        this.#connected(candidate, channel);
      }
    } catch (error) {
      // Anybody can send that: the genuine answer may still come.
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#options.runtime.refusals.count('garbage');
    }
  }

  #retry(candidate: Candidate, datagram: Buffer): void {
    const { port, to, initiator } = candidate;
    const before = initiator.hello;
    initiator.retry(datagram);
    // The same cookie again asks for nothing new.
    if (!initiator.hello.equals(before)) port.send(initiator.hello, to);
  }

  #connected(candidate: Candidate, channel: SecureChannel): void {
    const { runtime, maxBytesPerSecond, events } = this.#options;
    const { clock, refusals } = runtime;
    const { port, to } = candidate;
    const transport = new UdpTransport(port, to, maxBytesPerSecond, () => port.close());
    const path = new SecurePath({ transport, channel, clock, refusals });
    port.onDatagram = (datagram, source) => {
      if (messageKindOf(datagram) === 'record') path.receive(datagram, source);
    };
    this.#end(candidate);
    events.connected(path);
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.#end(undefined);
    this.#options.events.failed(reason);
  }

  #end(winner: Candidate | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    for (const candidate of this.#candidates) if (candidate !== winner) candidate.port.close();
  }
}
