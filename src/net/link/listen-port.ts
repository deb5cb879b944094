import { randomBytes, randomInt } from 'node:crypto';
import { DistreamError } from '../../core/errors.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { type DatagramSource, judgeHello } from '../../protocols/link/address-proof.ts';
import type { Hello } from '../../protocols/link/handshake-messages.ts';
import { messageKindOf } from '../../protocols/link/message-kind.ts';
import { RECORD_OVERHEAD_BYTES } from '../../protocols/link/record-header.ts';
import type { Admission } from './admission.ts';
import type { AuthorisedPeers } from './authorised-peers.ts';
import type { DatagramPort } from './carrier.ts';
import type { StreamListener } from './carriers/stream-listener.ts';
import { greetingFault } from './greeting.ts';
import { Handshakes, type HandshakesOptions } from './handshakes.ts';
import type { LinkRuntime } from './link-runtime.ts';
import { endpointText, UdpTransport } from './path-transport.ts';
import type { SecurePath } from './secure-path.ts';
import { StreamGreeter } from './stream-greeter.ts';

/** Connections by stream carriers at once, and from one network. */
const STREAM_LIMITS = { connections: 4096, connectionsPerNetwork: 1024 };
/** A free TCP port has a free UDP port of the same number, most of the time. */
const FREE_PORT_ATTEMPTS = 10;

/** One UDP and one TCP port of the same number, shared by all links that listen there. */
export class ListenPort {
  readonly #runtime: LinkRuntime;
  readonly #admission: Admission;
  readonly #handshakes: Handshakes;
  readonly #greeter: StreamGreeter;
  readonly #paths = new Map<number, SecurePath>(); // of UDP, by our connection id
  readonly #cookieSecret = randomBytes(32);
  #udp: DatagramPort | undefined;
  #streams: StreamListener | undefined;

  /** Opens both. Rejects with PORT_IN_USE and the like; then neither is open. */
  static async open(address: ListenAddress, options: HandshakesOptions): Promise<ListenPort> {
    for (let attempt = 1; ; attempt++) {
      const port = new ListenPort(options);
      try {
        await port.#bind(address);
        return port;
      } catch (error) {
        port.close();
        const isTaken = error instanceof DistreamError && error.code === 'PORT_IN_USE';
        if (address.port !== 0 || !isTaken || attempt === FREE_PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** Use `open`. */
  constructor(options: HandshakesOptions) {
    this.#runtime = options.runtime;
    this.#admission = options.admission;
    this.#handshakes = new Handshakes(options);
    this.#greeter = new StreamGreeter(options.runtime, this.#handshakes);
  }

  /** The number that both ports have. */
  get port(): number {
    return this.#udp?.port ?? 0;
  }

  /** Who may come in. */
  get peers(): AuthorisedPeers {
    return this.#handshakes.peers;
  }

  /** UDP connections that something is kept of. */
  get pathCount(): number {
    return this.#paths.size;
  }

  /** Closes the sockets and what waits on them. */
  close(): void {
    this.#handshakes.close();
    this.#greeter.close();
    this.#streams?.close();
    this.#udp?.close();
    this.#streams = undefined;
    this.#udp = undefined;
  }

  async #bind({ host, port }: ListenAddress): Promise<void> {
    const { clock, log, carriers, refusals, certificate } = this.#runtime;
    this.#streams = await carriers.listenForStreams({
      host,
      port,
      clock,
      log,
      certificate,
      limits: STREAM_LIMITS,
      onConnection: (connection) => this.#greeter.greet(connection),
      onRefused: (reason) => refusals.count(`stream_${reason.replaceAll('-', '_')}`),
    });
    this.#udp = await carriers.openDatagramPort({ host, port: this.#streams.port });
    this.#udp.onDatagram = (datagram, from) => this.#receive(datagram, from);
  }

  #receive(datagram: Buffer, from: DatagramSource): void {
    if (messageKindOf(datagram) !== 'record') return this.#greet(datagram, from);
    const isRecord = datagram.length >= RECORD_OVERHEAD_BYTES;
    const path = isRecord ? this.#paths.get(datagram.readUInt32BE(1)) : undefined;
    if (path) path.receive(datagram, from);
    else this.#runtime.refusals.count(isRecord ? 'unknown_connection' : 'garbage');
  }

  #greet(datagram: Buffer, from: DatagramSource): void {
    const { refusals, clock } = this.#runtime;
    const nowMs = clock.nowMs();
    if (!this.#admission.mayJudge(nowMs)) return refusals.count('unproven_limit');
    const verdict = judgeHello(datagram, from, { secret: this.#cookieSecret, nowMs });
    if (verdict.kind === 'refused') {
      return refusals.turnAway(greetingFault(datagram), from.address, verdict.reason);
    }
    if (verdict.kind === 'retry') return this.#udp?.send(verdict.answer, from);
    this.#proven(verdict.hello, from);
  }

  #proven(hello: Hello, from: DatagramSource): void {
    const udp = this.#udp;
    if (!udp) return;
    const answer = this.#handshakes.answer(hello, {
      remote: endpointText(from),
      remoteAddress: from.address,
      newConnectionId: () => this.#freeConnectionId(),
      transport: (id, maxBytesPerSecond) =>
        new UdpTransport(udp, { ...from }, maxBytesPerSecond, () => this.#paths.delete(id)),
    });
    if (!answer) return;
    this.#paths.set(answer.connectionId, answer.path);
    udp.send(answer.message, from);
  }

  #freeConnectionId(): number {
    for (;;) {
      const id = randomInt(2 ** 32);
      if (!this.#paths.has(id)) return id;
    }
  }
}
