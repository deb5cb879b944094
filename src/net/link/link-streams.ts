import type { LinkChange } from '../../modules/link.ts';
import type { ChannelStore } from '../../protocols/link/channel-store.ts';
import { MAX_CHANNELS, MAX_NAME_BYTES } from '../../protocols/link/frames.ts';
import type { ReceiveChannel } from '../../protocols/link/receive-channel.ts';
import type { SessionDriver } from './session-driver.ts';

/**
 * The streams of a link, whatever its sessions do: what is published goes to all of them, what is subscribed is taken
 * from one, the newest whose peer publishes it.
 */
export class LinkStreams {
  readonly #drivers: SessionDriver[] = []; // the oldest first
  readonly #stores = new Set<ChannelStore>();
  readonly #channels = new Map<ReceiveChannel, SessionDriver | undefined>();
  readonly #listeners = new Set<(change: LinkChange) => void>();

  /** Throws RangeError for a name that is empty or above 255 bytes, and above 1,024 streams. */
  publish(store: ChannelStore): void {
    const nameBytes = Buffer.byteLength(store.name);
    if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES) throw new RangeError(`a stream name of ${nameBytes} bytes`);
    if (this.#stores.size >= MAX_CHANNELS) throw new RangeError(`more than ${MAX_CHANNELS} streams on a link`);
    if (this.#stores.has(store)) return;
    this.#stores.add(store);
    for (const driver of this.#drivers) driver.publish(store);
  }

  unpublish(store: ChannelStore): void {
    if (!this.#stores.delete(store)) return;
    for (const driver of this.#drivers) driver.unpublish(store);
  }

  subscribe(channel: ReceiveChannel): void {
    if (this.#channels.has(channel)) return;
    this.#channels.set(channel, undefined);
    this.#move(channel, this.#best(channel.name));
  }

  unsubscribe(channel: ReceiveChannel): void {
    this.#move(channel, undefined);
    this.#channels.delete(channel);
  }

  /** Returns the unsubscriber. */
  onChange(listener: (change: LinkChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: LinkChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** A new session. */
  add(driver: SessionDriver): void {
    this.#drivers.push(driver);
    for (const store of this.#stores) driver.publish(store);
    for (const [channel, bound] of this.#channels) if (!bound) this.#move(channel, driver);
  }

  /** The session is over, or no longer one of this link. */
  remove(driver: SessionDriver): void {
    const index = this.#drivers.indexOf(driver);
    if (index < 0) return;
    this.#drivers.splice(index, 1);
    for (const [channel, bound] of this.#channels) {
      if (bound === driver) this.#move(channel, this.#best(channel.name));
    }
    if (driver.isClosed) return;
    for (const store of this.#stores) driver.unpublish(store);
  }

  /** The peer of a session publishes a stream of that name. */
  offered(driver: SessionDriver, name: string): void {
    for (const [channel, bound] of this.#channels) {
      if (channel.name !== name || bound === driver) continue;
      const isNewer = bound === undefined || this.#drivers.indexOf(driver) > this.#drivers.indexOf(bound);
      if (isNewer || !bound.offers(name)) this.#move(channel, driver);
    }
  }

  /** Names of the published streams. */
  get published(): ReadonlySet<string> {
    return new Set([...this.#stores].map(({ name }) => name));
  }

  /** Names of the streams that are taken from that session. */
  takenFrom(driver: SessionDriver): string[] {
    return [...this.#channels].filter(([, bound]) => bound === driver).map(([channel]) => channel.name);
  }

  #best(name: string): SessionDriver | undefined {
    const offering = this.#drivers.filter((driver) => driver.offers(name));
    return offering.findLast(({ isUp }) => isUp) ?? offering.at(-1) ?? this.#drivers.at(-1);
  }

  // A channel is in one session at a time: out of the old one first, which closes it.
  #move(channel: ReceiveChannel, to: SessionDriver | undefined): void {
    const from = this.#channels.get(channel);
    if (from === to) return;
    from?.unsubscribe(channel);
    this.#channels.set(channel, to);
    to?.subscribe(channel);
  }
}
