import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { normalizeAddress, prefixKey } from '../../net/address.ts';
import { classifyAddress } from '../../net/egress.ts';
import { listenOn } from '../../net/listen.ts';
import type { FileUrl } from '../../protocols/pdtp/file-url.ts';
import { Coordinator } from '../coordinator/coordinator.ts';
import { pdtpSight } from '../coordinator/coordinator-view.ts';
import type { MemberSetup } from '../coordinator/member.ts';
import type { SharedFile } from '../coordinator/shared-file.ts';
import type { ChooseTransfers } from '../coordinator/transfer-choice.ts';
import type { SwarmSight, SwarmSource } from '../view/sight.ts';
import { SwarmViewer } from '../view/swarm-viewer.ts';
import { ChunkHashes } from './chunk-hashes.ts';
import { ClientConnection } from './client-connection.ts';
import { InsideSeed } from './inside-seed.ts';
import type { LiveFile } from './live-file.ts';
import { SharedFolder } from './shared-folder.ts';
import { StatusServer } from './status-server.ts';

const MAX_CONNECTIONS = 25_000;
const MAX_CONNECTIONS_OF_PREFIX = 256;
/** A connection that says nothing is no client. */
const REGISTER_MS = 20_000;
const TICK_MS = 2000;
/** The kernel asks a silent client, so that one behind a dead line goes. */
const KEEP_ALIVE_MS = 60_000;

/** What a server is made of. */
export interface SwarmServerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly listen: ListenAddress;
  /** Name in URLs for people; empty: the address that listens. */
  readonly virtualHost: string;
  /** Folder whose files are published; undefined: only live streams are. */
  readonly fileRoot: string | undefined;
  /** Bytes of a chunk. */
  readonly chunkSize: number;
  /** First port that is tried for giving to peers; 0: any. Undefined: the server gives nothing, seeds do. */
  readonly givePort: number | undefined;
  /** The page for people is at the port above; false: there is none. */
  readonly hasStatusPage: boolean;
  readonly chooseTransfers?: ChooseTransfers;
}

/** A coordinator with its sockets: the port of PDTP, the status page above it, and the files that it publishes. */
export class SwarmServer implements SwarmSource {
  readonly coordinator: Coordinator;
  readonly #options: SwarmServerOptions;
  readonly #folder: SharedFolder | undefined;
  readonly #live = new Map<string, LiveFile>();
  readonly #server: Server;
  readonly #connections = new Set<ClientConnection>();
  readonly #perPrefix = new Map<string, number>();
  #status: StatusServer | undefined;
  #seed: InsideSeed | undefined;
  #address: ListenAddress;
  #ticker: Timer | undefined;
  #work: Timer | undefined;
  #isChecking = false;

  private constructor(options: SwarmServerOptions, folder: SharedFolder | undefined) {
    this.#options = options;
    this.#folder = folder;
    this.#address = options.listen;
    const hashes = new ChunkHashes((file, chunk) => this.#read(file, chunk));
    this.coordinator = new Coordinator({
      clock: options.clock,
      random: options.random,
      hashOf: (file, chunk) => hashes.hashOf(file, chunk),
      ...(options.chooseTransfers && { chooseTransfers: options.chooseTransfers }),
      onWork: () => this.#scheduleWork(),
    });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /**
   * Opens the ports. Rejects with FILE_UNREADABLE for the folder, and with the errors of `listenOn`. The caller closes
   * the server.
   */
  static async start(options: SwarmServerOptions): Promise<SwarmServer> {
    const { fileRoot, chunkSize, listen, clock } = options;
    const folder =
      fileRoot === undefined
        ? undefined
        : await SharedFolder.open(fileRoot, chunkSize).catch((error: unknown) => {
            throw new DistreamError('FILE_UNREADABLE', { path: fileRoot, reason: reasonOf(error) }, { cause: error });
          });
    const server = new SwarmServer(options, folder);
    try {
      server.#address = await listenOn(server.#server, listen);
      if (options.givePort !== undefined) {
        server.#seed = await InsideSeed.start({
          clock,
          random: options.random,
          coordinator: server.coordinator,
          listen: { host: listen.host, port: options.givePort },
          find: (url) => server.find(url),
          read: (file, chunk) => server.#read(file, chunk),
        });
      }
      if (options.hasStatusPage) {
        const port = listen.port === 0 ? 0 : listen.port + 1;
        const viewer = new SwarmViewer({ clock, name: () => options.virtualHost, sources: () => [server] });
        server.#status = await StatusServer.start(() => viewer.view(false), {
          ...options,
          listen: { host: listen.host, port },
        });
      }
    } catch (error) {
      await server.close();
      throw error;
    }
    server.#ticker = clock.every(TICK_MS, () => void server.#tick());
    return server;
  }

  /** Where PDTP is spoken. */
  get address(): ListenAddress {
    return this.#address;
  }

  /** Where the status page is. */
  get statusAddress(): ListenAddress | undefined {
    return this.#status?.address;
  }

  look(): SwarmSight {
    return pdtpSight(this.coordinator);
  }

  /** Publishes a live stream under its path. Throws RangeError when there is one. Returns what takes it away. */
  publish(live: LiveFile): () => void {
    if (this.#live.has(live.path)) throw new RangeError(`${live.path} is published already`);
    this.#live.set(live.path, live);
    const stop = live.onGrown(() => {
      this.coordinator.windowMoved(live);
      this.#scheduleWork();
    });
    return () => {
      stop();
      this.#live.delete(live.path);
      this.coordinator.fileChanged(live);
    };
  }

  /** The live streams that are published. */
  get liveFiles(): Iterable<LiveFile> {
    return this.#live.values();
  }

  /** The published file behind a URL. Whatever host it names: a server has one set of files. */
  async find({ paths }: FileUrl): Promise<SharedFile | undefined> {
    for (const path of paths) {
      const live = this.#live.get(path);
      if (live) return live;
    }
    return this.#folder?.find(paths);
  }

  async #findAndGive(url: FileUrl): Promise<SharedFile | undefined> {
    const file = await this.find(url);
    if (file) this.#seed?.give(file);
    return file;
  }

  /** Ends all connections and closes the ports. */
  async close(): Promise<void> {
    this.#ticker?.cancel();
    this.#work?.cancel();
    for (const connection of this.#connections) connection.close();
    await this.#seed?.close();
    await this.#status?.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const address = normalizeAddress(socket.remoteAddress ?? '');
    const reachedAt = normalizeAddress(socket.localAddress ?? '');
    socket.on('error', () => socket.destroy());
    if (address === undefined || reachedAt === undefined) return void socket.destroy();
    const prefix = prefixKey(address);
    const count = this.#perPrefix.get(prefix) ?? 0;
    const isTooMany = count >= MAX_CONNECTIONS_OF_PREFIX && classifyAddress(address) !== 'loopback';
    if (isTooMany || this.#connections.size >= MAX_CONNECTIONS) return void socket.destroy();
    this.#perPrefix.set(prefix, count + 1);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('close', () => {
      const left = (this.#perPrefix.get(prefix) ?? 1) - 1;
      if (left > 0) this.#perPrefix.set(prefix, left);
      else this.#perPrefix.delete(prefix);
    });
    const connection = this.#attach(socket, { address, reachedAt, isInside: false });
    const timer = this.#options.clock.after(REGISTER_MS, () => {
      if (!connection.isRegistered) connection.close();
    });
    socket.on('close', () => timer.cancel());
  }

  #attach(stream: Duplex, where: Pick<MemberSetup, 'address' | 'reachedAt' | 'isInside'>): ClientConnection {
    const connection: ClientConnection = new ClientConnection({
      stream,
      coordinator: this.coordinator,
      find: (url) => this.#findAndGive(url),
      where,
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  #read(file: SharedFile, chunk: number): Promise<Buffer | undefined> {
    const live = this.#live.get(file.path);
    if (live === file) return Promise.resolve(live.read(chunk));
    return this.#folder?.read(file, chunk) ?? Promise.resolve(undefined);
  }

  #scheduleWork(): void {
    this.#work ??= this.#options.clock.after(0, () => {
      this.#work = undefined;
      this.coordinator.orderTransfers();
    });
  }

  async #tick(): Promise<void> {
    this.coordinator.tick();
    if (!this.#folder || this.#isChecking) return;
    this.#isChecking = true;
    const files = [...this.coordinator.files()].filter(({ isStreaming }) => !isStreaming);
    for (const file of await this.#folder.changed(files).catch(() => [])) {
      this.#options.log.info('a file has changed or is gone', { path: file.path });
      this.coordinator.fileChanged(file);
    }
    this.#isChecking = false;
  }
}
