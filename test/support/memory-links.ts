import type { Clock, Timer } from '../../src/core/clock.ts';
import type { LinkAccess, LinkChange, LinkHandle, LinkStatus } from '../../src/modules/link.ts';
import type { ChannelStore } from '../../src/protocols/link/channel-store.ts';
import type { ReceiveChannel } from '../../src/protocols/link/receive-channel.ts';
import { SimEnd, SimPath } from './link-ends.ts';
import { LinkNetwork } from './link-network.ts';

const SESSION_ID = '00'.repeat(16);

/** The time of a simulated network as a clock. */
export class NetworkClock implements Clock {
  readonly #network: LinkNetwork;
  /** Timers that wait. */
  pending = 0;

  constructor(network: LinkNetwork) {
    this.#network = network;
  }

  nowMs(): number {
    return this.#network.nowMs;
  }

  // What is on the disk is dated by the system.
  utcMs(): number {
    return Date.now();
  }

  after(delayMs: number, task: () => void): Timer {
    let isWaiting = true;
    this.pending++;
    const finish = () => {
      if (!isWaiting) return false;
      isWaiting = false;
      this.pending--;
      return true;
    };
    this.#network.at(this.#network.nowMs + delayMs, () => finish() && task());
    return { cancel: finish };
  }

  every(periodMs: number, task: () => void): Timer {
    let timer: Timer;
    const again = () => {
      timer = this.after(periodMs, again);
      task();
    };
    timer = this.after(periodMs, again);
    return { cancel: () => timer.cancel() };
  }
}

class MemoryHandle implements LinkHandle {
  readonly #side: MemorySide;
  readonly #closers: (() => void)[] = [];

  constructor(side: MemorySide) {
    this.#side = side;
  }

  publish(store: ChannelStore): void {
    const { session } = this.#side.end;
    session.publish(store);
    this.#closers.push(() => session.unpublish(store));
  }

  subscribe(channel: ReceiveChannel): void {
    const { session } = this.#side.end;
    session.subscribe(channel);
    this.#closers.push(() => session.unsubscribe(channel));
  }

  onChange(listener: (change: LinkChange) => void): () => void {
    this.#side.listeners.add(listener);
    return () => this.#side.listeners.delete(listener);
  }

  status(): readonly LinkStatus[] {
    return this.#side.status();
  }

  close(): void {
    for (const close of this.#closers) close();
    this.#side.end.pump();
  }
}

/** One node's end of the one link that there is. */
class MemorySide implements LinkAccess {
  readonly listeners = new Set<(change: LinkChange) => void>();
  readonly #peer: string;
  readonly #links: MemoryLinks;
  #sinceMs = 0;
  #state: LinkStatus['state'] = 'connecting';
  #connects = 0;
  end: SimEnd;
  /** The next openings reject with this. */
  fault: Error | undefined;

  constructor(links: MemoryLinks, peer: string) {
    this.#links = links;
    this.#peer = peer;
    this.end = this.#newEnd();
  }

  open(): Promise<LinkHandle> {
    return this.fault ? Promise.reject(this.fault) : Promise.resolve(new MemoryHandle(this));
  }

  /** The process is gone and another begins. */
  restart(): void {
    this.end.kill();
    this.listeners.clear();
    this.#state = 'connecting';
    this.end = this.#newEnd();
  }

  status(): readonly LinkStatus[] {
    const { paths, sends } = this.end.session.status();
    const where = { carrier: 'udp', local: '127.0.0.1:1', remote: '127.0.0.1:2' } as const;
    const link: LinkStatus = {
      peer: this.#peer,
      role: 'dials',
      state: this.#state,
      sinceUtcMs: 0,
      connects: this.#connects,
      paths: paths.map((path) => ({ ...path, ...where })),
      sends,
      receives: ['live'],
      lastError: undefined,
    };
    return [link];
  }

  refusals() {
    return {};
  }

  #newEnd(): SimEnd {
    const end: SimEnd = new SimEnd({
      network: this.#links.network,
      sessionId: SESSION_ID,
      events: { pathState: (_, state) => end === this.end && this.#turn(state === 'alive') },
    });
    return end;
  }

  #turn(isUp: boolean): void {
    if (isUp === (this.#state === 'up') || (!isUp && this.#state === 'connecting')) return;
    const afterMs = this.#state === 'connecting' ? undefined : this.#links.network.nowMs - this.#sinceMs;
    this.#state = isUp ? 'up' : 'down';
    this.#sinceMs = this.#links.network.nowMs;
    if (isUp) this.#connects++;
    for (const listener of this.listeners) listener({ kind: isUp ? 'up' : 'down', peer: this.#peer, afterMs });
  }
}

/** A link between two nodes in memory: a publisher `a` and a subscriber `b` on a simulated line. */
export class MemoryLinks {
  readonly network: LinkNetwork;
  readonly clock: NetworkClock;
  readonly a: MemorySide;
  readonly b: MemorySide;
  #paths = 0;
  path: SimPath;

  constructor(seed: number) {
    this.network = new LinkNetwork(seed);
    this.clock = new NetworkClock(this.network);
    this.a = new MemorySide(this, 'relay');
    this.b = new MemorySide(this, 'studio');
    this.path = this.#connect();
  }

  /** Ends a process; the new one dials anew. */
  restart(side: 'a' | 'b'): void {
    const id = this.path.id;
    this[side].restart();
    this[side === 'a' ? 'b' : 'a'].end.detach(id);
    this.path = this.#connect();
  }

  /** Lets time pass, and with it all that waits for nothing but its turn. */
  async run(ms: number): Promise<void> {
    const endMs = this.network.nowMs + ms;
    while (this.network.nowMs < endMs) {
      this.network.runUntil(Math.min(endMs, this.network.nowMs + 10));
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  #connect(): SimPath {
    const path = new SimPath(this.network, this.#paths++);
    this.a.end.attach(path, path.forth, () => this.b.end);
    this.b.end.attach(path, path.back, () => this.a.end);
    return path;
  }
}
