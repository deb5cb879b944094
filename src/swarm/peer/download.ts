import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { sleep } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { randomHex } from '../../core/random.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { createDialer } from '../../net/dial.ts';
import { classifyAddress } from '../../net/egress.ts';
import { chunkCount, chunkOfRange } from '../../protocols/pdtp/chunks.ts';
import type { Dialect } from '../../protocols/pdtp/dialect.ts';
import { parseFileUrl } from '../../protocols/pdtp/file-url.ts';
import type { FileInfo, TransferMessage } from '../../protocols/pdtp/messages.ts';
import type { PdtpUrl } from '../../protocols/pdtp/pdtp-url.ts';
import type { ChunkStore } from './chunk-store.ts';
import { DownloadSession } from './download-session.ts';
import { Giver, SERVER_ID } from './giver.ts';
import { LiveWindow } from './live-window.ts';
import { OrderedWriter } from './ordered-writer.ts';
import { PartFile, unwritable } from './part-file.ts';
import { createPeerDialer } from './peer-dialer.ts';
import { Rate } from './rate.ts';

const CONNECT_MS = 10_000;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const PROGRESS_MS = 250;
const LIVE_WINDOW_BYTES = 8 * 2 ** 20;
/** How far behind the newest chunk a live stream begins. */
const LIVE_START_CHUNKS = 4;
/** How long a live stream waits for one chunk while later ones are there. */
const LIVE_PATIENCE_MS = 4000;
const ID_BYTES = 3;

/** How far a download is. */
export interface DownloadProgress {
  readonly bytesDone: number;
  /** Undefined for a live stream. */
  readonly bytesTotal: number | undefined;
  readonly bytesPerSecond: number;
  /** Peers that gave something in the last ten seconds. */
  readonly peers: number;
  /** Of what came, the share that other machines than the server gave; 0 to 1. */
  readonly shareFromPeers: number;
  /** Bytes that were there already, verified. */
  readonly bytesResumed: number;
}

/** What is fetched, and where it goes. */
export interface DownloadOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly url: PdtpUrl;
  /** The URL as the user wrote it. */
  readonly displayUrl: string;
  readonly dialect: Dialect;
  /** Where this peer gives to others: the first port that is tried. Undefined: it gives nothing. */
  readonly give: ListenAddress | undefined;
  /** The file to be written; of a pipe the scratch file, which goes with the download. */
  readonly path: string;
  /** Written in order as chunks arrive; undefined: only the file is written. */
  readonly sink: Writable | undefined;
  /** False: the file at `path` is scratch. */
  readonly isKept: boolean;
  /** Without a chunk for so long the download fails. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/**
 * Fetches a file, or plays a live stream until it ends. Resolves when every chunk is there and its hash was right. Rejects
 * with UNREACHABLE, NOT_PUBLISHED, FETCH_FAILED, TIMED_OUT, FILE_UNWRITABLE, or the signal's reason; what is there is
 * kept for the next time.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const run = new Download(options);
  try {
    await run.run();
  } finally {
    await run.close();
  }
}

class Download {
  readonly #options: DownloadOptions;
  readonly #peerId: string;
  readonly #rate = new Rate();
  readonly #recentGivers = new Map<string, number>();
  #giver: Giver | undefined;
  #session: DownloadSession | undefined;
  #info: FileInfo | undefined;
  #store: ChunkStore | undefined;
  #writer: OrderedWriter | undefined;
  #bytesCame = 0;
  #bytesFromPeers = 0;
  #bytesResumed = 0;
  #bytesDone = 0;
  #lastProgressMs: number;
  #failure: unknown;
  #holeSinceMs: number | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#peerId = randomHex(options.random, ID_BYTES);
    this.#lastProgressMs = options.clock.nowMs();
  }

  async run(): Promise<void> {
    const { give, clock, signal } = this.#options;
    if (give) this.#giver = await this.#startGiver(give);
    const ticker = clock.every(PROGRESS_MS, () => this.#tick());
    try {
      for (let failures = 0; ; failures++) {
        const before = this.#bytesCame;
        const outcome = await this.#attempt(failures === 0);
        if (this.#failure !== undefined) throw this.#failure;
        signal.throwIfAborted();
        if (outcome === 'done') break;
        if (this.#bytesCame > before) failures = 0;
        this.#options.log.warn(`the line to ${this.#options.displayUrl} ended: ${outcome.reason}; trying again`);
        await sleep(clock, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** failures), signal);
        signal.throwIfAborted();
        this.#checkStall();
        if (this.#failure !== undefined) throw this.#failure;
      }
      await this.#writer?.write();
      await this.#store!.finish();
      this.#options.onProgress(this.#progress());
    } finally {
      ticker.cancel();
    }
  }

  async close(): Promise<void> {
    this.#session?.close();
    await this.#giver?.close();
    await this.#store?.close();
  }

  /** One connection with the server, to its end. */
  async #attempt(isFirst: boolean): Promise<'done' | { reason: string }> {
    const { url, clock, signal, displayUrl, dialect } = this.#options;
    const dial = createDialer({ allow: [], clock });
    const { host, port } = url;
    const target = { host, port, tls: false, timeoutMs: CONNECT_MS, signal, displayUrl, trusted: true };
    const socket = await dial(target).catch((error: unknown) => {
      if (isFirst || signal.aborted) throw error;
      return undefined;
    });
    if (!socket) return { reason: 'it cannot be reached' };
    const serverAddress = socket.remoteAddress ?? host;
    const session = new DownloadSession({
      socket,
      clock,
      dialect,
      peerId: this.#peerId,
      listenPort: this.#giver?.port ?? 0,
      fileUrl: url.fileUrl,
      dial: createPeerDialer(serverAddress, clock),
      onChunk: (chunk, bytes, hash, from) => {
        const isServer = isFromServer(from, serverAddress);
        return this.#keep(chunk, bytes, hash, isServer ? undefined : `${from.host} ${from.port}`);
      },
      onChanged: () => this.#fileChanged(),
    });
    this.#session = session;
    const abort = () => session.close();
    signal.addEventListener('abort', abort);
    try {
      const info = await session.askInfo();
      if (info === 'unknown') throw new DistreamError('NOT_PUBLISHED', { url: displayUrl });
      if (info === 'ended') return { reason: session.endReason };
      await this.#prepare(info);
      session.begin(info, this.#store!, this.#isLive() ? this.#writer!.next : 0);
      const whole = await Promise.race([session.ended, this.#untilWhole(session)]);
      return whole === 'whole' ? 'done' : { reason: session.endReason };
    } finally {
      signal.removeEventListener('abort', abort);
      session.close();
    }
  }

  async #untilWhole(session: DownloadSession): Promise<'whole'> {
    while (!this.#isWhole()) await session.nextChunk();
    return 'whole';
  }

  #isWhole(): boolean {
    const info = this.#info;
    return info !== undefined && !info.isStreaming && this.#store?.chunks.count === chunkCount(info);
  }

  #isLive(): boolean {
    return this.#info?.isStreaming === true;
  }

  async #prepare(info: FileInfo): Promise<void> {
    const { path, isKept, url, sink, displayUrl } = this.#options;
    const known = this.#info;
    if (known) {
      const isSame = known.isStreaming || (known.size === info.size && known.version === info.version);
      if (!isSame || known.chunkSize !== info.chunkSize) throw this.#failed('the file has changed on the server');
      return;
    }
    if (info.chunkSize > 2 ** 24) throw this.#failed('its chunks are too large');
    this.#info = info;
    if (info.isStreaming) {
      const store = new LiveWindow(info.chunkSize, LIVE_WINDOW_BYTES);
      const newest = Math.floor(info.size / info.chunkSize);
      const first = Math.max(Math.ceil((info.start ?? 0) / info.chunkSize), newest - LIVE_START_CHUNKS);
      this.#store = store;
      this.#writer = new OrderedWriter(sink ?? this.#liveFile(path), store, first, displayUrl);
      return;
    }
    const identity = `${url.fileUrl} ${info.version ?? ''}`;
    this.#store = await PartFile.open({ path, geometry: info, identity, isKept });
    this.#bytesResumed = Math.min(info.size, this.#store.chunks.count * info.chunkSize);
    this.#bytesDone = this.#bytesResumed;
    if (!sink) return;
    this.#writer = new OrderedWriter(sink, this.#store, 0, displayUrl);
    void this.#write();
  }

  /** A live stream goes into the file itself as it comes: there is nothing to resume. */
  #liveFile(path: string): Writable {
    const file = createWriteStream(path);
    file.on('error', (error) => this.#fail(unwritable(path, error)));
    return file;
  }

  async #keep(chunk: number, bytes: Buffer, hash: string, fromPeer: string | undefined): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    try {
      await this.#store!.write(chunk, bytes, hash);
    } catch (error) {
      return this.#fail(error);
    }
    this.#lastProgressMs = nowMs;
    this.#bytesCame += bytes.length;
    this.#bytesDone += bytes.length;
    if (fromPeer !== undefined) {
      this.#bytesFromPeers += bytes.length;
      this.#recentGivers.set(fromPeer, nowMs);
    }
    this.#rate.add(bytes.length, nowMs);
    void this.#write();
  }

  async #write(): Promise<void> {
    try {
      await this.#writer?.write();
    } catch (error) {
      this.#fail(error);
    }
  }

  #tick(): void {
    this.#checkStall();
    if (this.#isLive()) this.#skipHole();
    if (this.#info) this.#options.onProgress(this.#progress());
  }

  #checkStall(): void {
    const { clock, stallMs, displayUrl } = this.#options;
    if (clock.nowMs() - this.#lastProgressMs < stallMs || this.#isWhole()) return;
    this.#fail(new DistreamError('TIMED_OUT', { url: displayUrl, seconds: Math.round(stallMs / 1000) }));
  }

  /** A chunk that does not come while later ones are there is given up: live goes on. */
  #skipHole(): void {
    const { clock } = this.#options;
    const next = this.#store!.chunks.nextFrom(this.#writer!.next);
    if (next === undefined || next === this.#writer!.next) {
      this.#holeSinceMs = undefined;
      return;
    }
    this.#holeSinceMs ??= clock.nowMs();
    if (clock.nowMs() - this.#holeSinceMs < LIVE_PATIENCE_MS) return;
    this.#options.log.warn('a part of the live stream did not come in time and is left out');
    this.#holeSinceMs = undefined;
    this.#writer!.skipTo(next);
    void this.#write();
  }

  #progress(): DownloadProgress {
    const nowMs = this.#options.clock.nowMs();
    for (const [giver, lastMs] of this.#recentGivers) if (nowMs - lastMs > 10_000) this.#recentGivers.delete(giver);
    return {
      bytesDone: this.#bytesDone,
      bytesTotal: this.#isLive() ? undefined : this.#info?.size,
      bytesPerSecond: this.#rate.perSecond(nowMs),
      peers: this.#recentGivers.size,
      shareFromPeers: this.#bytesCame === 0 ? 0 : this.#bytesFromPeers / this.#bytesCame,
      bytesResumed: this.#bytesResumed,
    };
  }

  #fileChanged(): void {
    this.#fail(this.#failed(this.#isLive() ? 'the stream has ended' : 'the file has changed on the server'));
  }

  #failed(reason: string): DistreamError {
    return new DistreamError('FETCH_FAILED', { url: this.#options.displayUrl, reason });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#session?.close();
  }

  #startGiver(listen: ListenAddress): Promise<Giver> {
    const own = parseFileUrl(this.#options.url.fileUrl)?.paths[0];
    return Giver.start({
      clock: this.#options.clock,
      listen,
      verify: (question, signal) => this.#session?.verify(question, signal) ?? Promise.resolve(false),
      read: async (url, range) => {
        const info = this.#info;
        if (!info || parseFileUrl(url)?.paths[0] !== own) return 'unknown';
        const geometry = info.isStreaming ? { ...info, size: Number.MAX_SAFE_INTEGER } : info;
        const chunk = chunkOfRange(geometry, range);
        const bytes = chunk === undefined ? undefined : await this.#store?.read(chunk).catch(() => undefined);
        return bytes ?? 'not-held';
      },
      onGiven: (question) => this.#session?.given(question),
    }).catch((error: unknown) => {
      throw error instanceof DistreamError ? error : this.#failed(reasonOf(error));
    });
  }
}

/** True for a giver that belongs to the publisher, as far as one can tell. */
function isFromServer({ peerId, host }: TransferMessage, serverAddress: string): boolean {
  return peerId.startsWith(SERVER_ID) || (host === serverAddress && classifyAddress(host) !== 'loopback');
}
