import type { RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { DistreamError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { LinkAccess } from '../modules/link.ts';
import type { DialTarget, FrontHandle, ListenAddress, MountDirectory, NetworkAccess } from '../modules/network.ts';
import { parseNetworkList } from './address.ts';
import type { CertificateFiles } from './certificate/certificate-files.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { Front, type FrontOptions } from './front.ts';
import { ConnectionCounters, type PortLimits } from './gate.ts';
import { HttpSide } from './http-side.ts';
import { listenOn } from './listen.ts';

/** The limits of ports where the configuration gives none. */
const DEFAULT_LIMITS: PortLimits = {
  connections: 65_536,
  connectionsPerAddress: 65_536,
  listenersPerAddress: 65_536,
};

/** The shared port and what is allowed on it; lists and limits hold for all fronts. */
export interface SharedPortOptions extends ListenAddress {
  readonly tls: CertificateFiles | undefined;
  /** Public path -> mount. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly trustedProxies: readonly string[];
  readonly deny: { readonly addresses: readonly string[]; readonly agents: readonly string[] };
  readonly limits: PortLimits;
}

/** What a network is made of. */
export interface NetworkOptions {
  readonly links: LinkAccess;
  /** Undefined: there is no shared port. */
  readonly http: SharedPortOptions | undefined;
  /** Answers what no mount claims; see `clientOf` for who asks. */
  readonly requestListener: RequestListener;
  readonly dialer: (target: DialTarget) => Promise<Socket>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What all fronts count. */
export interface NetworkCounterValues {
  /** Connections open now. */
  readonly connections: number;
  readonly connectionsTotal: number;
  /** Connections and requests turned away, by reason. */
  readonly refusedTotal: Readonly<Record<string, number>>;
}

/** The network of a node. Its owner closes it. */
export interface Network extends NetworkAccess {
  /** Opens the shared port, which stays open until `close`. Rejects with PORT_IN_USE and the like, or TLS_UNUSABLE. */
  open(): Promise<ListenAddress>;
  /** Wrong passwords of sources and administrators alike. */
  readonly failures: FailureLimiter;
  counters(): NetworkCounterValues;
  /** The mounts of all fronts, for pages about them. */
  directory(): MountDirectory;
  /** Ends all that listens and every connection of a front at once. Dialled connections are their owners'. */
  close(): void;
}

/** Makes the network of a node; nothing is opened yet. Throws RangeError when a list holds what is no address. */
export function createNetwork(options: NetworkOptions): Network {
  return new NodeNetwork(options);
}

interface PooledFront {
  readonly opening: Promise<Front>;
  front: Front | undefined;
  users: number;
}

class NodeNetwork implements Network {
  readonly links: LinkAccess;
  readonly failures: FailureLimiter;
  readonly #options: NetworkOptions;
  readonly #shared: FrontOptions;
  readonly #counters = new ConnectionCounters();
  readonly #fronts = new Map<string, PooledFront>();
  readonly #servers = new Set<Server>();
  #closed = false;
  #unshared = 0;

  constructor(options: NetworkOptions) {
    const { http, clock, log } = options;
    this.#options = options;
    this.links = options.links;
    this.failures = new FailureLimiter({ clock });
    this.#shared = {
      tls: undefined,
      aliases: new Map(),
      trustedProxies: parseNetworkList(http?.trustedProxies ?? []),
      denied: parseNetworkList(http?.deny.addresses ?? []),
      deniedAgents: (http?.deny.agents ?? []).filter((part) => part !== '').map((part) => part.toLowerCase()),
      limits: http?.limits ?? DEFAULT_LIMITS,
      http: new HttpSide(options.requestListener),
      failures: this.failures,
      counters: this.#counters,
      clock,
      log,
    };
  }

  async open(): Promise<ListenAddress> {
    const front = await this.front();
    return front.address;
  }

  async front(address?: ListenAddress): Promise<FrontHandle> {
    const { http } = this.#options;
    const wanted = address ?? http;
    if (!wanted) {
      const details = { where: 'http', reason: 'a module needs the shared port', hint: 'Set http.port.' };
      throw new DistreamError('CONFIG_INVALID', details);
    }
    const isShared = http !== undefined && wanted.host === http.host && wanted.port === http.port;
    // any free port: each asks for one of its own
    const suffix = wanted.port === 0 && !isShared ? `#${++this.#unshared}` : '';
    const key = `${wanted.host} ${wanted.port}${suffix}`;
    const pooled = this.#fronts.get(key) ?? this.#openFront(key, wanted, isShared ? http : undefined);
    pooled.users++;
    return pooled.opening;
  }

  #openFront(key: string, address: ListenAddress, http: SharedPortOptions | undefined): PooledFront {
    const { host, port } = address;
    const own = http && { tls: http.tls, aliases: http.aliases };
    const opening = Front.open({ host, port }, { ...this.#shared, ...own });
    // the shared port has the node itself as one user more
    const pooled: PooledFront = { opening, front: undefined, users: http ? 1 : 0 };
    this.#fronts.set(key, pooled);
    opening.then(
      (front) => {
        pooled.front = front;
        if (this.#closed) front.close();
      },
      () => this.#fronts.delete(key),
    );
    return pooled;
  }

  releaseFront(handle: FrontHandle): void {
    for (const [key, pooled] of this.#fronts) {
      if (pooled.front !== handle || --pooled.users > 0) continue;
      this.#fronts.delete(key);
      pooled.front.close();
    }
  }

  async listen(
    address: ListenAddress,
    onConnection: (socket: Socket) => void,
  ): Promise<{ port: number; close(): void }> {
    const server = createServer({ noDelay: true, keepAlive: true }, onConnection);
    server.maxConnections = this.#shared.limits.connections;
    const { port } = await listenOn(server, address);
    server.on('error', () => this.#counters.refuse('accept-failed'));
    if (this.#closed) server.close();
    else this.#servers.add(server);
    return {
      port,
      close: () => {
        this.#servers.delete(server);
        server.close();
      },
    };
  }

  dial(target: DialTarget): Promise<Socket> {
    return this.#options.dialer(target);
  }

  counters(): NetworkCounterValues {
    const { connections, connectionsTotal, refusedTotal } = this.#counters;
    return { connections, connectionsTotal, refusedTotal };
  }

  directory(): MountDirectory {
    const fronts = [...this.#fronts.values()].flatMap(({ front }) => front ?? []);
    return {
      listeners: fronts.flatMap(({ mounts }) => mounts.listeners),
      sources: fronts.flatMap(({ mounts }) => mounts.sources),
      portOf: (mount) => fronts.find(({ mounts }) => mounts.listeners.includes(mount))?.address.port,
    };
  }

  close(): void {
    this.#closed = true;
    for (const { front } of this.#fronts.values()) front?.close();
    this.#fronts.clear();
    for (const server of this.#servers) server.close();
    this.#servers.clear();
  }
}
