import { DistreamError } from '../../core/errors.ts';
import type { LinkAccess, LinkHandle, LinkOptions, LinkStatus } from '../../modules/link.ts';
import type { ListenAddress } from '../../modules/network.ts';
import type { ChannelStore } from '../../protocols/link/channel-store.ts';
import type { ReceiveChannel } from '../../protocols/link/receive-channel.ts';
import { Admission } from './admission.ts';
import { type LinkKeys, linkKeysOf } from './credentials.ts';
import { DiallingLink } from './dialling-link.ts';
import type { Link } from './link.ts';
import type { LinkRuntime } from './link-runtime.ts';
import { ListenPort } from './listen-port.ts';
import { ListeningLink } from './listening-link.ts';
import { PeerSessions } from './peer-sessions.ts';

interface SharedLink {
  readonly key: string;
  /** Of the first who wanted it. */
  readonly options: LinkOptions;
  readonly link: Promise<Link>;
  handles: number;
}

/** The links of a node, shared by the modules that want the same. */
export class Links implements LinkAccess {
  readonly #runtime: LinkRuntime;
  readonly #privateKey: string | undefined;
  readonly #admission = new Admission();
  readonly #sessions: PeerSessions;
  readonly #links = new Map<string, SharedLink>();
  readonly #ports = new Map<string, Promise<ListenPort>>();
  readonly #open = new Set<Link>();
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  /** `privateKey`: the node's own, `dskey_...`. */
  constructor(runtime: LinkRuntime, privateKey: string | undefined) {
    this.#runtime = runtime;
    this.#privateKey = privateKey;
    this.#sessions = new PeerSessions(runtime);
  }

  async open(options: LinkOptions): Promise<LinkHandle> {
    const keys = linkKeysOf(options, this.#privateKey);
    // What was closed a moment ago may still hold the port.
    await Promise.all(this.#closing);
    if (this.#isClosed) throw stopping();
    const key = linkKey(options, keys);
    const shared = this.#links.get(key) ?? { key, options, link: this.#begin(options, keys), handles: 0 };
    if (!agree(shared.options, options)) {
      const name = options.peers[0]?.name ?? 'its peers';
      this.#runtime.log.warn(`the link to ${name} is wanted twice with other settings: those of the first count`);
    }
    this.#links.set(key, shared);
    shared.handles++;
    try {
      const link = await shared.link;
      link.lowerReserve(options.reserveMs);
      return this.#handle(link, shared);
    } catch (error) {
      if (this.#links.get(key) === shared) this.#links.delete(key);
      throw error;
    }
  }

  status(): readonly LinkStatus[] {
    return [...this.#open].flatMap((link) => link.status());
  }

  refusals(): Readonly<Record<string, number>> {
    return this.#runtime.refusals.totals;
  }

  /** Tells every peer and ends all links, sockets and timers. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((link) => this.#end(link)));
    await Promise.all(this.#closing);
    this.#sessions.close();
  }

  async #begin(options: LinkOptions, keys: LinkKeys): Promise<Link> {
    const { listen } = options;
    const link = listen ? await this.#listen(options, listen, keys) : new DiallingLink(this.#runtime, options, keys);
    this.#open.add(link);
    if (!this.#isClosed) return link;
    await this.#end(link);
    throw stopping();
  }

  async #listen(options: LinkOptions, address: ListenAddress, keys: LinkKeys): Promise<Link> {
    const place = `${address.host} ${address.port}`;
    const opening =
      this.#ports.get(place) ??
      ListenPort.open(address, { runtime: this.#runtime, admission: this.#admission, sessions: this.#sessions });
    this.#ports.set(place, opening);
    const port = await opening.catch((error: unknown) => {
      if (this.#ports.get(place) === opening) this.#ports.delete(place);
      throw error;
    });
    const link = new ListeningLink(this.#runtime, options, keys, async () => {
      port.peers.remove(link);
      await this.#sessions.leave(link);
      if (!port.peers.isEmpty || this.#ports.get(place) !== opening) return;
      this.#ports.delete(place);
      port.close();
    });
    port.peers.add(link, keys);
    this.#sessions.welcome(link);
    return link;
  }

  #handle(link: Link, shared: SharedLink): LinkHandle {
    const { streams } = link;
    const stores = new Set<ChannelStore>();
    const channels = new Set<ReceiveChannel>();
    const unwatch = new Set<() => void>();
    let isClosed = false;
    return {
      publish: (store) => {
        streams.publish(store);
        stores.add(store);
      },
      subscribe: (channel) => {
        streams.subscribe(channel);
        channels.add(channel);
      },
      onChange: (listener) => {
        const stop = streams.onChange(listener);
        unwatch.add(stop);
        return stop;
      },
      status: () => link.status(),
      close: () => {
        if (isClosed) return;
        isClosed = true;
        for (const stop of unwatch) stop();
        for (const store of stores) streams.unpublish(store);
        for (const channel of channels) streams.unsubscribe(channel);
        this.#release(link, shared);
      },
    };
  }

  #release(link: Link, shared: SharedLink): void {
    shared.handles--;
    if (shared.handles > 0) return;
    if (this.#links.get(shared.key) === shared) this.#links.delete(shared.key);
    const closing: Promise<void> = this.#end(link).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #end(link: Link): Promise<void> {
    if (!this.#open.delete(link)) return;
    await link.close();
  }
}

function stopping(): DistreamError {
  return new DistreamError('INTERNAL', { reason: 'the node is stopping' });
}

function agree(one: LinkOptions, other: LinkOptions): boolean {
  const settingsOf = ({ policy, maxBytesPerSecond, from, proxy }: LinkOptions) =>
    JSON.stringify([policy, maxBytesPerSecond, from, proxy]);
  return settingsOf(one) === settingsOf(other);
}

// Policy, bounds and local addresses are those of the first: two links to one place would fight for one session.
function linkKey({ to, listen, peers }: LinkOptions, keys: LinkKeys): string {
  if (!listen) {
    const addresses = to.map(({ carrier, host, port, path }) => `${carrier} ${host} ${port} ${path}`).sort();
    return JSON.stringify(['dials', keys.ownId, peers.map(({ publicKey }) => publicKey), addresses]);
  }
  const known = peers.map(({ name, publicKey }) => `${publicKey} ${name}`).sort();
  return JSON.stringify(['listens', keys.ownId, known, listen.host, listen.port]);
}
