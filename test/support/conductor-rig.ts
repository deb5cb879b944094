import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { ConductorMessage, Order } from '../../src/protocols/swarm/conductor-messages.ts';
import { chunkHash, SWARM_CHUNK_BYTES, treeRoot } from '../../src/protocols/swarm/hash-tree.ts';
import { rawPublicKey, signManifest } from '../../src/protocols/swarm/manifest.ts';
import type { Outcome, PeerMessage } from '../../src/protocols/swarm/peer-messages.ts';
import type { SharedFile } from '../../src/swarm/coordinator/shared-file.ts';
import type { LeaseMessage } from '../../src/swarm/live/stream-conducting.ts';
import type { PreparedFile } from '../../src/swarm/native/conducted-file.ts';
import { Conductor, type ConductorOptions } from '../../src/swarm/native/conductor.ts';
import type { NativeMember } from '../../src/swarm/native/native-member.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { seededRandom } from './seeded-random.ts';

const { privateKey } = generateKeyPairSync('ed25519');
/** The key of the rig's server. */
export const RIG_PRIVATE_KEY = privateKey;
/** 32 bytes. */
export const RIG_PUBLIC_KEY = rawPublicKey(createPublicKey(privateKey))!;
export const SERVER_SECRET = Buffer.alloc(32, 77);

type Said<T extends ConductorMessage['type']> = ConductorMessage & { readonly type: T };

/** A peer of the conductor without sockets: what it says goes in, what it is told is kept. */
export class RigPeer {
  readonly told: ConductorMessage[] = [];
  readonly address: string;
  isClosed = false;
  member!: NativeMember;
  readonly #conductor: Conductor;

  constructor(conductor: Conductor, address: string) {
    this.#conductor = conductor;
    this.address = address;
  }

  say(message: PeerMessage): void {
    this.#conductor.receive(this.member, message);
  }

  want(path: string, ticket = Buffer.alloc(0)): void {
    this.say({ type: 'want', ref: 1, path, inOrder: false, ticket });
  }

  /** Tells what became of orders. */
  receipts(orders: readonly Pick<Order, 'file' | 'giver' | 'chunk'>[], outcome: Outcome): void {
    const receipts = orders.map(({ file, giver, chunk }) => ({ file, giver, chunk, outcome }));
    this.say({ type: 'receipts', receipts });
  }

  of<T extends ConductorMessage['type']>(type: T): Said<T>[] {
    return this.told.filter((message): message is Said<T> => message.type === type);
  }

  /** The orders that it was not asked about before. */
  takeOrders(): Order[] {
    const orders = this.of('orders').flatMap((message) => message.orders);
    for (let at = this.told.length - 1; at >= 0; at--) if (this.told[at]!.type === 'orders') this.told.splice(at, 1);
    return orders;
  }
}

/** A conductor with files in memory and a clock that is turned by hand. */
export class ConductorRig {
  readonly clock = new FakeClock();
  readonly files = new Map<string, PreparedFile>();
  /** Leases of the server itself. */
  readonly pushes: LeaseMessage[] = [];
  readonly conductor: Conductor;
  /** Addresses at which nobody answers. */
  readonly firewalled = new Set<string>();

  constructor(extra: Partial<ConductorOptions> = {}) {
    this.conductor = new Conductor({
      clock: this.clock,
      random: seededRandom(5),
      serverKey: RIG_PUBLIC_KEY,
      serverSecret: SERVER_SECRET,
      givePort: () => 8000,
      upBytesPerSecond: 1_000_000,
      prepare: async (path) => this.files.get(path),
      admits: () => true,
      probe: async (member) => !this.firewalled.has(member.where.address),
      push: (lease) => this.pushes.push(lease),
      ...extra,
    });
  }

  /** Publishes a file of so many whole chunks. */
  publish(path: string, chunks: number): SharedFile {
    const size = chunks * SWARM_CHUNK_BYTES;
    const file = { path, version: '1', size, chunkSize: SWARM_CHUNK_BYTES, isStreaming: false, firstChunk: 0 };
    const hash = chunkHash(Buffer.alloc(SWARM_CHUNK_BYTES));
    const hashes = Buffer.concat(Array.from({ length: chunks }, () => hash));
    const manifest = signManifest({ path, sizeBytes: size, root: treeRoot(hashes) }, RIG_PRIVATE_KEY);
    this.files.set(path, { file, manifest, hashes });
    return file;
  }

  /** A peer says hello; of a network of its own unless the address says otherwise. */
  async join(address: string, caps: Partial<PeerMessage & { type: 'hello' }> = {}): Promise<RigPeer> {
    const peer = new RigPeer(this.conductor, address);
    const voice = {
      capabilities: 1,
      tell: (message: ConductorMessage) => void peer.told.push(message),
      close: () => {
        peer.isClosed = true;
      },
    };
    const hello = { type: 'hello', version: 3, capabilities: 0, listenPort: 8000, agent: 'rig' } as const;
    const key = Buffer.alloc(16);
    key.write(address.slice(-16));
    const allowed = { gives: true, metered: false, upBytesPerSecond: 0 };
    const where = { address, reachedAt: '203.0.113.1', isInside: false };
    peer.member = this.conductor.join(voice, { ...hello, ...allowed, key, ...caps }, where);
    await settle();
    return peer;
  }

  /** A peer that takes part in a file. */
  async fetch(address: string, path: string, caps: Partial<PeerMessage & { type: 'hello' }> = {}): Promise<RigPeer> {
    const peer = await this.join(address, caps);
    peer.want(path);
    await settle();
    const [file] = peer.of('file');
    if (file?.status === 'ok') peer.say({ type: 'have', file: file.file, runs: [] });
    await this.turn();
    return peer;
  }

  /** Lets plans be made. */
  async turn(ms = 20): Promise<void> {
    await this.clock.run(ms);
  }
}
