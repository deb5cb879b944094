import type { Logger } from '../../src/core/logger.ts';
import type { LinkAddress, LinkOptions } from '../../src/modules/link.ts';
import { Links } from '../../src/net/link/links.ts';
import { NameCache } from '../../src/net/link/name-cache.ts';
import { Refusals } from '../../src/net/link/refusals.ts';
import { ChannelStore } from '../../src/protocols/link/channel-store.ts';
import { type ChannelPosition, ReceiveChannel } from '../../src/protocols/link/receive-channel.ts';
import { hexOf } from './link-ends.ts';
import type { MemoryNetwork } from './memory-carriers.ts';
import { seededRandom } from './seeded-random.ts';

/** A node's links on a network in memory, and what they logged. */
export class LinkNode {
  readonly links: Links;
  readonly lines: string[] = [];

  constructor(network: MemoryNetwork, address: string, options: { privateKey?: string; seed?: number } = {}) {
    const { clock } = network;
    const note = (message: string) => void this.lines.push(message);
    const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
    this.links = new Links(
      {
        clock,
        log,
        random: seededRandom(options.seed ?? 1),
        certificate: undefined,
        carriers: network.carriers(address),
        dialer: () => Promise.reject(new Error('no dialer')),
        names: new NameCache(clock, () => Promise.reject(new Error('no names'))),
        refusals: new Refusals(clock, log),
      },
      options.privateKey,
    );
  }
}

/** Options of a link with what tests seldom change. */
export function linkOptions(options: Partial<LinkOptions>): LinkOptions {
  return {
    to: [],
    from: [],
    listen: undefined,
    peers: [],
    sharedKey: undefined,
    privateKey: undefined,
    policy: 'race',
    maxBytesPerSecond: undefined,
    reserveMs: 5000,
    proxy: undefined,
    ...options,
  };
}

export function linkAddress(carrier: LinkAddress['carrier'], host: string, port = 4090): LinkAddress {
  return { carrier, host, port, path: '/' };
}

/** A store to which a test adds audio that tells its place. */
export function testStore(name: string, seed = 1): ChannelStore {
  const store = new ChannelStore({ name, epoch: hexOf(seededRandom(seed), 8), keepMs: 60_000, maxBytes: 8 << 20 });
  const headers = Buffer.alloc(0);
  store.append({ type: 'format', contentType: 'audio/mpeg', codec: 'mp3', ticksPerSecond: 1000, channels: 2, headers });
  return store;
}

/** A frame of 100 ms whose bytes are its number. */
export function appendFrame(store: ChannelStore, number: number): void {
  store.append({ type: 'audio', data: Buffer.alloc(400, number % 251), ticks: 100 });
}

/** Takes a stream and remembers the numbers of the frames, and gaps. */
export class Listener {
  readonly frames: number[] = [];
  readonly gaps: string[] = [];
  readonly channel: ReceiveChannel;
  endCount = 0;

  constructor(name: string, held?: ChannelPosition) {
    this.channel = new ReceiveChannel({
      name,
      backMs: 60_000,
      ...(held ? { held } : {}),
      sink: {
        record: (record) => {
          if (record.type === 'audio') this.frames.push(record.data[0]!);
        },
        gap: (cause) => this.gaps.push(cause),
        end: () => this.endCount++,
      },
    });
  }
}

/** The numbers from `from` to below `to`, as `appendFrame` writes them. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => (from + index) % 251);
}
