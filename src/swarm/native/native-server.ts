import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock, Timer } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { normalizeAddress, prefixKey } from '../../net/address.ts';
import type { CertificateFiles } from '../../net/certificate/certificate-files.ts';
import { classifyAddress } from '../../net/egress.ts';
import { listenOn } from '../../net/listen.ts';
import { SWARM_CHUNK_BYTES } from '../../protocols/swarm/hash-tree.ts';
import { NONCE_BYTES } from '../../protocols/swarm/link-messages.ts';
import { admits } from '../../protocols/swarm/ticket.ts';
import { meetingIdentity, meetingKey, SECRET_BYTES } from '../../protocols/swarm/token.ts';
import { LivePublishing } from '../live/live-publishing.ts';
import { SERVER } from '../schedule/swarm.ts';
import { SharedFolder } from '../server/shared-folder.ts';
import type { SwarmSight, SwarmSource } from '../view/sight.ts';
import { acceptPeer } from './accept-peer.ts';
import type { Carrier } from './carrier.ts';
import { Conductor } from './conductor.ts';
import { Giving } from './giving.ts';
import { MemberConnection } from './member-connection.ts';
import type { NativeMember } from './native-member.ts';
import { nativeSight } from './native-view.ts';
import { PeerLines } from './peer-lines.ts';
import { PreparedFiles } from './prepared-files.ts';
import { ReachProbes } from './reach-probes.ts';
import { ServerCertificates } from './server-certificates.ts';
import type { ServerIdentity } from './server-identity.ts';
import { TlsCarrier } from './tls-carrier.ts';

const MAX_CONNECTIONS = 25_000;
const MAX_CONNECTIONS_OF_PREFIX = 256;
const WATCH_MS = 2000;

/** What a server of the native dialect is made of. */
export interface NativeServerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly listen: ListenAddress;
  /** Folder whose files are published; undefined: only live streams are. */
  readonly fileRoot: string | undefined;
  readonly identity: ServerIdentity;
  /** Of a certificate authority, for peers whose address has no key; read again when the files change. */
  readonly certificate?: CertificateFiles | undefined;
  /** First port that is tried for giving; 0: any. */
  readonly givePort: number;
  /** Most bytes a second that the server gives; undefined: no limit. */
  readonly uploadLimit: number | undefined;
  /** With which tickets are made for its files; undefined: everybody may join. */
  readonly ticketKey?: string;
  readonly carrier?: Carrier;
}

/** A conductor with its sockets, and the server's own giving. */
export class NativeServer implements SwarmSource {
  readonly conductor: Conductor;
  /** The live streams that it publishes. */
  readonly live: LivePublishing;
  readonly #options: NativeServerOptions;
  readonly #folder: SharedFolder | undefined;
  readonly #files: PreparedFiles | undefined;
  readonly #certificates: ServerCertificates;
  readonly #server: Server;
  #context: SecureContext;
  readonly #secret = randomBytes(SECRET_BYTES);
  readonly #carrier: Carrier;
  readonly #lines: PeerLines;
  readonly #giving: Giving;
  readonly #probes: ReachProbes;
  readonly #sockets = new Set<Socket>();
  readonly #perPrefix = new Map<string, number>();
  #ticker: Timer | undefined;
  #givePort = 0;
  #address: ListenAddress;
  #isChecking = false;

  private constructor(options: NativeServerOptions, folder: SharedFolder | undefined) {
    const { clock, identity, uploadLimit } = options;
    this.#options = options;
    this.#certificates = new ServerCertificates({
      own: identity.certificate,
      files: options.certificate,
      clock,
      log: options.log,
      onChange: (context) => {
        this.#context = createSecureContext(context);
      },
    });
    this.#context = createSecureContext(this.#certificates.context);
    this.#folder = folder;
    this.#address = options.listen;
    this.#carrier = options.carrier ?? new TlsCarrier(clock);
    this.#probes = new ReachProbes(clock, this.#carrier);
    this.#files = folder && new PreparedFiles(folder, identity);
    this.conductor = new Conductor({
      clock,
      random: options.random,
      serverKey: identity.publicKey,
      serverSecret: this.#secret,
      givePort: () => this.#givePort,
      upBytesPerSecond: uploadLimit,
      prepare: async (path) => this.#files?.find(path),
      admits: (path, ticket) => this.#admits(path, ticket),
      probe: (member) => this.#probe(member),
      push: (lease) => this.live.lease(lease),
    });
    const nowSeconds = () => this.conductor.nowSeconds;
    this.#lines = new PeerLines({
      carrier: this.#carrier,
      secret: () => this.#secret,
      nowSeconds,
      onMessage: (peer, message) => {
        if (message.type === 'ask') void this.#giving.ask(peer, message);
        else this.#lines.drop(peer);
      },
      onOpen: (peer) => this.live.opened(peer),
      onDrain: () => this.#giving.pump(),
      onLost: (peer) => this.live.lost(peer),
    });
    this.#giving = new Giving({
      clock,
      lines: this.#lines,
      self: () => ({ peer: SERVER, secret: this.#secret }),
      nowSeconds,
      read: async (file, chunk) => this.live.read(file, chunk) ?? this.#read(file, chunk),
      limitBytesPerSecond: uploadLimit,
      isLive: (file) => this.conductor.live.get(file) !== undefined,
      proofOf: (peer, file, chunk) => this.live.proofFor(peer, file, chunk),
    });
    this.live = new LivePublishing({
      clock,
      conducting: this.conductor.live,
      privateKey: identity.privateKey,
      lines: this.#lines,
      giving: this.#giving,
      nowSeconds,
    });
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Opens both ports. Rejects as `listenOn` does, or with FILE_UNREADABLE or TLS_UNUSABLE. The caller closes it. */
  static async start(options: NativeServerOptions): Promise<NativeServer> {
    const { fileRoot, listen, givePort, clock } = options;
    const folder = fileRoot === undefined ? undefined : await openFolder(fileRoot);
    const server = new NativeServer(options, folder);
    try {
      server.#address = await listenOn(server.#server, listen);
      server.#givePort = await server.#carrier.listen(server.#lines, listen.host, givePort);
    } catch (error) {
      await server.close();
      throw error;
    }
    server.#ticker = clock.every(WATCH_MS, () => void server.#watch());
    void server.#files?.prepareAhead();
    return server;
  }

  /** Where peers connect. */
  get address(): ListenAddress {
    return this.#address;
  }

  /** The key that an address pins, 32 bytes. */
  get publicKey(): Buffer {
    return this.#options.identity.publicKey;
  }

  look(): SwarmSight {
    return nativeSight(this.conductor);
  }

  /** Bytes of chunks that the server gave. */
  get bytesGiven(): number {
    return this.#giving.bytesSent;
  }

  async close(): Promise<void> {
    this.#ticker?.cancel();
    this.#certificates.close();
    this.conductor.close();
    this.#giving.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#lines.close();
    this.#carrier.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const address = normalizeAddress(socket.remoteAddress ?? '');
    const reachedAt = normalizeAddress(socket.localAddress ?? '');
    if (address === undefined || reachedAt === undefined) return void socket.destroy();
    const prefix = prefixKey(address);
    const count = this.#perPrefix.get(prefix) ?? 0;
    if (count >= MAX_CONNECTIONS_OF_PREFIX && classifyAddress(address) !== 'loopback') return void socket.destroy();
    this.#perPrefix.set(prefix, count + 1);
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perPrefix.get(prefix) ?? 1) - 1;
      if (left > 0) this.#perPrefix.set(prefix, left);
      else this.#perPrefix.delete(prefix);
    });
    const { clock } = this.#options;
    const where = { address, reachedAt, isInside: false };
    acceptPeer(socket, this.#context, clock, (connection) => {
      new MemberConnection({ connection, clock, conductor: this.conductor, where });
    });
  }

  #admits(path: string, ticket: Buffer): boolean {
    const key = this.live.has(path) ? this.live.ticketKeyOf(path) : this.#options.ticketKey;
    return key === undefined || admits(ticket, key, path, Math.floor(this.#options.clock.utcMs() / 1000));
  }

  /** The member has to answer where others would find it. */
  #probe(member: NativeMember): Promise<boolean> {
    const expires = this.conductor.nowSeconds + 60;
    const meeting = { dialler: SERVER, expires };
    return this.#probes.probe(
      {
        host: member.where.address,
        port: member.where.listenPort,
        identity: meetingIdentity(meeting),
        key: meetingKey(member.secret, meeting),
      },
      randomBytes(NONCE_BYTES),
    );
  }

  async #read(id: number, chunk: number): Promise<Buffer | undefined> {
    const file = this.conductor.fileOf(id);
    if (!file || !this.#folder) return undefined;
    const min = chunk * SWARM_CHUNK_BYTES;
    if (min >= file.size) return undefined;
    return this.#folder.readRange(file, { min, max: Math.min(min + SWARM_CHUNK_BYTES, file.size) - 1 });
  }

  async #watch(): Promise<void> {
    if (this.#isChecking || !this.#folder) return;
    this.#isChecking = true;
    const files = [...this.conductor.files].map(({ prepared }) => prepared.file);
    for (const file of await this.#folder.changed(files).catch(() => [])) {
      this.#options.log.info('a file has changed or is gone', { path: file.path });
      this.conductor.fileChanged(file);
    }
    this.#isChecking = false;
  }
}

async function openFolder(path: string): Promise<SharedFolder> {
  return SharedFolder.open(path, SWARM_CHUNK_BYTES).catch((error: unknown) => {
    throw new DistreamError('FILE_UNREADABLE', { path, reason: reasonOf(error) }, { cause: error });
  });
}
