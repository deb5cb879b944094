import { DistreamError } from '../../src/core/errors.ts';
import type { DatagramPort, StreamConnection, StreamConnectionEvents } from '../../src/net/link/carrier.ts';
import type { StreamListenerOptions } from '../../src/net/link/carriers/stream-listener.ts';
import type { LinkCarriers } from '../../src/net/link/link-carriers.ts';
import type { DatagramSource } from '../../src/protocols/link/address-proof.ts';
import type { FakeClock } from './fake-clock.ts';

const keyOf = ({ address, port }: DatagramSource) => `${address} ${port}`;
const textOf = ({ address, port }: DatagramSource) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** What happens to what is under way. */
export interface MemoryLine {
  delayMs: number;
  /** By host address: nothing leaves it and nothing arrives. */
  readonly down: Set<string>;
  /** Carriers that are blocked everywhere. */
  readonly blocked: Set<'udp' | 'tls'>;
  /** Each datagram that is sent; what it returns is carried on. */
  onDatagram: (datagram: Buffer, from: DatagramSource, to: DatagramSource) => Buffer | undefined;
}

/** A network in memory: hosts with an address each, UDP and streams between them, and a NAT that can forget. */
export class MemoryNetwork {
  readonly clock: FakeClock;
  readonly line: MemoryLine = { delayMs: 10, down: new Set(), blocked: new Set(), onDatagram: (datagram) => datagram };
  /** Sockets that are open, by kind. */
  readonly open = { datagramPorts: 0, connections: 0, listeners: 0 };
  readonly #ports = new Map<string, MemoryPort>();
  readonly #listeners = new Map<string, StreamListenerOptions>();
  readonly #seenAs = new Map<string, DatagramSource>(); // inside -> outside
  readonly #connections = new Set<MemoryConnection>();
  #nextPort = 40_000;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  /** The carriers of the host with that address. */
  carriers(host: string): LinkCarriers {
    return {
      openDatagramPort: async ({ host: wanted, port }) => {
        const address = wanted === '0.0.0.0' || wanted === '::' ? host : wanted;
        const local = { address, port: port || this.#nextPort++ };
        if (this.#ports.has(keyOf(local))) throw new DistreamError('PORT_IN_USE', { port, host: wanted, holder: '' });
        const opened = new MemoryPort(this, local);
        this.#ports.set(keyOf(local), opened);
        this.open.datagramPorts++;
        return opened;
      },
      listenForStreams: async (options) => {
        const key = `${host} ${options.port || this.#nextPort++}`;
        if (this.#listeners.has(key)) throw new DistreamError('PORT_IN_USE', { port: options.port, host, holder: '' });
        this.#listeners.set(key, options);
        this.open.listeners++;
        const close = () => {
          if (this.#listeners.delete(key)) this.open.listeners--;
        };
        return { port: Number(key.split(' ')[1]), close };
      },
      dialStream: async ({ address, from, signal }) => {
        await this.#pass(signal);
        const listener = this.#listeners.get(`${address.host} ${address.port}`);
        if (this.line.blocked.has('tls') || this.isDown(host) || this.isDown(address.host)) {
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }
        if (!listener) throw new DistreamError('UNREACHABLE', { url: address.host, reason: 'connection refused' });
        return this.#connect({ address: from ?? host, port: this.#nextPort++ }, address, listener);
      },
    };
  }

  isDown(address: string): boolean {
    return this.line.down.has(address);
  }

  /** The NAT before a host forgets: what its sockets send comes from another port and, if wanted, another address. */
  rebind(host: string, address = host): void {
    for (const port of this.#ports.values()) {
      if (port.source.address === host) this.#seenAs.set(keyOf(port.source), { address, port: this.#nextPort++ });
    }
  }

  /** All sockets of a host are gone, as when its process was killed. */
  kill(host: string): void {
    for (const key of this.#listeners.keys()) {
      if (key.startsWith(`${host} `) && this.#listeners.delete(key)) this.open.listeners--;
    }
    for (const port of this.#ports.values()) if (port.source.address === host) port.close();
    for (const each of this.#connections) if (each.localAddress === host) each.reset();
  }

  deliver(datagram: Buffer, inside: DatagramSource, to: DatagramSource): void {
    const from = this.#seenAs.get(keyOf(inside)) ?? inside;
    const carried = this.line.onDatagram(datagram, from, to);
    if (!carried || this.line.blocked.has('udp') || this.isDown(inside.address)) return;
    this.clock.after(this.line.delayMs, () => this.arrive(carried, from, to));
  }

  /** A datagram arrives, whoever sent it. */
  arrive(datagram: Buffer, from: DatagramSource, to: DatagramSource): void {
    if (this.isDown(to.address)) return;
    for (const [inside, outside] of this.#seenAs) {
      if (keyOf(outside) === keyOf(to)) return this.#ports.get(inside)?.onDatagram(datagram, from);
    }
    if (!this.#seenAs.has(keyOf(to))) this.#ports.get(keyOf(to))?.onDatagram(datagram, from);
  }

  forget(port: MemoryPort): void {
    if (!this.#ports.delete(keyOf(port.source))) return;
    this.open.datagramPorts--;
  }

  forgetConnection(connection: MemoryConnection): void {
    if (this.#connections.delete(connection)) this.open.connections--;
  }

  /** A connection from anywhere to a listener: for tests that speak by hand. */
  connectTo(from: DatagramSource, to: { host: string; port: number }): StreamConnection | undefined {
    const listener = this.#listeners.get(`${to.host} ${to.port}`);
    return listener && this.#connect(from, to, listener);
  }

  #connect(from: DatagramSource, to: { host: string; port: number }, listener: StreamListenerOptions) {
    const remote = { address: to.host, port: to.port };
    const near = new MemoryConnection(this, from, remote);
    const far = new MemoryConnection(this, remote, from);
    near.peer = far;
    far.peer = near;
    for (const each of [near, far]) {
      this.#connections.add(each);
      this.open.connections++;
    }
    listener.onConnection(far);
    return near;
  }

  #pass(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(2 * this.line.delayMs, resolve);
      signal.addEventListener('abort', () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
  }
}

class MemoryPort implements DatagramPort {
  readonly source: DatagramSource;
  onDatagram: (datagram: Buffer, from: DatagramSource) => void = () => {};
  readonly #network: MemoryNetwork;
  #isOpen = true;

  constructor(network: MemoryNetwork, source: DatagramSource) {
    this.#network = network;
    this.source = source;
  }

  get local(): string {
    return textOf(this.source);
  }

  get port(): number {
    return this.source.port;
  }

  overheadBytes(): number {
    return 28;
  }

  send(datagram: Buffer, to: DatagramSource): void {
    if (this.#isOpen) this.#network.deliver(datagram, this.source, to);
  }

  close(): void {
    this.#isOpen = false;
    this.#network.forget(this);
  }
}

class MemoryConnection implements StreamConnection {
  readonly carrier = 'tls';
  readonly overheadBytes = 69;
  readonly local: string;
  readonly localAddress: string;
  readonly remote: string;
  readonly remoteAddress: string;
  maxMessageBytes = 1200;
  events: StreamConnectionEvents = { message: () => {}, writable: () => {}, closed: () => {} };
  peer: MemoryConnection | undefined;
  readonly #network: MemoryNetwork;
  #isOpen = true;
  #waiting: (() => void)[] = [];

  constructor(network: MemoryNetwork, local: DatagramSource, remote: DatagramSource) {
    this.#network = network;
    this.local = textOf(local);
    this.localAddress = local.address;
    this.remote = textOf(remote);
    this.remoteAddress = remote.address;
  }

  send(message: Buffer): boolean {
    if (!this.#isOpen) return true;
    this.#carry(() => this.peer?.take(message));
    return true;
  }

  take(message: Buffer): void {
    if (!this.#isOpen) return;
    if (message.length <= this.maxMessageBytes) return this.events.message(message);
    this.reset();
    this.events.closed('too long');
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#network.forgetConnection(this);
    this.#carry(() => this.peer?.gone());
  }

  /** The process is gone: the peer sees it when the line lets it through. */
  reset(): void {
    this.close();
  }

  gone(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#network.forgetConnection(this);
    this.events.closed('connection closed');
  }

  // In order, and after an outage what waited comes.
  #carry(arrive: () => void): void {
    this.#waiting.push(arrive);
    this.#network.clock.after(this.#network.line.delayMs, () => this.#flush());
  }

  #flush(): void {
    const { line } = this.#network;
    if (
      line.blocked.has('tls') ||
      this.#network.isDown(this.localAddress) ||
      this.#network.isDown(this.remoteAddress)
    ) {
      this.#network.clock.after(500, () => this.#flush());
      return;
    }
    const next = this.#waiting;
    this.#waiting = [];
    for (const arrive of next) arrive();
  }
}
