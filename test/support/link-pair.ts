import type { LinkHandle, LinkOptions } from '../../src/modules/link.ts';
import type { ChannelStore } from '../../src/protocols/link/channel-store.ts';
import { generatePrivateKey, publicKeyOf } from '../../src/protocols/link/keys.ts';
import { FakeClock } from './fake-clock.ts';
import { appendFrame, LinkNode, linkAddress, linkOptions } from './link-node.ts';
import { MemoryNetwork } from './memory-carriers.ts';

export const STUDIO = '10.0.0.1';
export const RELAY = '10.0.0.2';
export const LISTEN = { host: RELAY, port: 4090 };
export const studioKey: string = generatePrivateKey();
export const relayKey: string = generatePrivateKey();
export const studioPeer = { name: 'studio', publicKey: publicKeyOf(studioKey) };
export const relayPeer = { name: 'relay', publicKey: publicKeyOf(relayKey) };
export const BY_BOTH = [linkAddress('udp', RELAY), linkAddress('tls', RELAY)];
export const BY_UDP = [linkAddress('udp', RELAY)];

/** The studio dials, the relay listens. */
export class LinkPair {
  readonly clock = new FakeClock();
  readonly network = new MemoryNetwork(this.clock);
  studio: LinkNode;
  relay: LinkNode;
  #frames = 0;
  #seed = 10;

  constructor() {
    this.studio = this.#node(STUDIO, studioKey);
    this.relay = this.#node(RELAY, relayKey);
  }

  dial(options: Partial<LinkOptions> = {}): Promise<LinkHandle> {
    return this.studio.links.open(linkOptions({ to: BY_BOTH, peers: [relayPeer], ...options }));
  }

  listen(options: Partial<LinkOptions> = {}): Promise<LinkHandle> {
    return this.relay.links.open(linkOptions({ listen: LISTEN, peers: [studioPeer], ...options }));
  }

  /** A killed process and the one that follows it. */
  restartStudio(): void {
    this.network.kill(STUDIO);
    this.studio = this.#node(STUDIO, studioKey);
  }

  restartRelay(): void {
    this.network.kill(RELAY);
    this.relay = this.#node(RELAY, relayKey);
  }

  /** Frames of 100 ms in real time. Returns how many there are in all. */
  async play(store: ChannelStore, count: number): Promise<number> {
    for (let index = 0; index < count; index++) {
      appendFrame(store, this.#frames++);
      await this.clock.run(100);
    }
    return this.#frames;
  }

  /** Closes both; nothing may be left of them. */
  async close(): Promise<void> {
    await Promise.all([this.studio.links.close(), this.relay.links.close()]);
    await this.clock.run(1000);
  }

  #node(address: string, privateKey: string): LinkNode {
    return new LinkNode(this.network, address, { privateKey, seed: this.#seed++ });
  }
}
