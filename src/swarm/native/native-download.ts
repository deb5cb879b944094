import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { type Clock, sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { ListenAddress } from '../../modules/network.ts';
import type { ChunkGeometry } from '../../protocols/pdtp/chunks.ts';
import { chunkHash, SWARM_CHUNK_BYTES } from '../../protocols/swarm/hash-tree.ts';
import { PEER_KEY_BYTES, type Run } from '../../protocols/swarm/peer-messages.ts';
import type { SwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import { LivePlay } from '../live/live-play.ts';
import type { StreamWindow } from '../live/stream-window.ts';
import type { ChunkStore } from '../peer/chunk-store.ts';
import type { DownloadProgress } from '../peer/download.ts';
import { KeptFile } from '../peer/kept-file.ts';
import { OrderedWriter } from '../peer/ordered-writer.ts';
import { PartFile, unwritable } from '../peer/part-file.ts';
import { Rate } from '../peer/rate.ts';
import type { Carrier } from './carrier.ts';
import type { FetchedFile } from './fetched-file.ts';
import { type FoundStream, NativeSession } from './native-session.ts';
import { TlsCarrier } from './tls-carrier.ts';

const RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const PROGRESS_MS = 250;
const PLAY_MS = 100;
const NO_TICKET = 'it admits only who has a ticket that is valid';
const RECENT_MS = 10_000;
const SERVER = 0;
/** Chunks kept in memory besides the file, to be given at once. */
const MAX_FRESH = 48;

/** What is fetched, and where it goes. */
export interface NativeDownloadOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly url: SwarmUrl;
  readonly displayUrl: string;
  /** First port that is tried for lines of others; undefined: nothing is given. */
  readonly give: ListenAddress | undefined;
  /** Most bytes a second that are given; 0: no limit. */
  readonly uploadLimit: number;
  readonly path: string;
  /** Written in order as chunks arrive. */
  readonly sink: Writable | undefined;
  readonly isKept: boolean;
  readonly stallMs: number;
  /** After the end it goes on giving for so long. */
  readonly stayMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly carrier?: Carrier;
}

/**
 * Fetches a file from a swarm of the native dialect. Resolves when every chunk is there, each verified before it was
 * kept or passed on. Rejects with UNREACHABLE, UNPROVEN, NOT_PUBLISHED, REFUSED, FETCH_FAILED, TIMED_OUT, FILE_UNWRITABLE or the signal's reason.
 */
export async function nativeDownload(options: NativeDownloadOptions): Promise<void> {
  const run = new NativeDownload(options);
  try {
    await run.run();
  } finally {
    await run.close();
  }
}

class NativeDownload {
  readonly #options: NativeDownloadOptions;
  readonly #carrier: Carrier;
  readonly #key = randomBytes(PEER_KEY_BYTES);
  readonly #rate = new Rate();
  readonly #recentGivers = new Map<number, number>();
  readonly #fresh = new Map<number, Buffer>();
  #listenPort = 0;
  #session: NativeSession | undefined;
  #file: FetchedFile | undefined;
  #store: ChunkStore | undefined;
  #writer: OrderedWriter | undefined;
  #play: LivePlay | undefined;
  #liveSink: Writable | undefined;
  #bytesDone = 0;
  #bytesCame = 0;
  #bytesFromPeers = 0;
  #bytesResumed = 0;
  #lastProgressMs: number;
  #failure: unknown;
  #finished: (() => void) | undefined;
  #isWhole = false;

  constructor(options: NativeDownloadOptions) {
    this.#options = options;
    this.#carrier = options.carrier ?? new TlsCarrier(options.clock);
    this.#lastProgressMs = options.clock.nowMs();
  }

  async run(): Promise<void> {
    const { give, clock, signal, displayUrl, log } = this.#options;
    if (give) {
      const host = {
        keyOf: (identity: string) => this.#session?.lines.keyOf(identity),
        accept: (...args: Parameters<NativeSession['lines']['accept']>) => this.#session!.lines.accept(...args),
      };
      this.#listenPort = await this.#carrier.listen(host, give.host, give.port);
    }
    const ticker = clock.every(PROGRESS_MS, () => this.#tick());
    const player = clock.every(PLAY_MS, () => void this.#advance());
    try {
      for (let failures = 0; ; failures++) {
        const before = this.#bytesCame;
        const reason = await this.#attempt(failures === 0);
        if (this.#isWhole) break;
        if (this.#failure !== undefined) throw this.#failure;
        signal.throwIfAborted();
        if (this.#bytesCame > before) failures = 0;
        log.warn(`the line to ${displayUrl} ended: ${reason}; trying again`);
        await sleep(clock, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** failures), signal);
        this.#checkStall();
      }
      await this.#stay();
    } finally {
      ticker.cancel();
      player.cancel();
    }
  }

  async close(): Promise<void> {
    this.#session?.close();
    this.#carrier.close();
    await this.#store?.close();
    if (this.#liveSink && this.#liveSink !== this.#options.sink) this.#liveSink.end();
  }

  /** One connection with the conductor, until the file is whole or it ends; answers why. */
  async #attempt(isFirst: boolean): Promise<string> {
    const { clock, url, displayUrl, signal, give, uploadLimit, sink } = this.#options;
    let ended: (reason: string) => void = () => {};
    const over = new Promise<string>((resolve) => {
      ended = resolve;
    });
    this.#finished = () => ended('done');
    const session = new NativeSession({
      clock,
      url,
      displayUrl,
      signal,
      carrier: this.#carrier,
      listenPort: this.#listenPort,
      key: this.#key,
      caps: { gives: give !== undefined, metered: false, upBytesPerSecond: uploadLimit },
      inOrder: sink !== undefined,
      onFile: (file) => this.#prepare(file),
      onChunk: (chunk, bytes, giver) => this.#keep(chunk, bytes, giver),
      has: (chunk) => this.#store?.chunks.has(chunk) === true,
      read: async (chunk) => this.#fresh.get(chunk) ?? this.#store?.read(chunk),
      onStream: (stream) => this.#listen(stream),
      onStreamChunk: (bytes, giver) => this.#heard(bytes, giver),
      onEnd: (end) => {
        if (this.#play && (end === 'unknown' || end === 'changed')) {
          // The stream ends, or begins anew.
          this.#isWhole = end === 'unknown';
          return ended('the stream has ended');
        }
        if (end === 'refused') this.#failure ??= new DistreamError('REFUSED', { url: displayUrl, reason: NO_TICKET });
        if (end === 'forked') this.#failure ??= this.#failed('the server has signed two different streams');
        if (end === 'unknown') this.#failure ??= new DistreamError('NOT_PUBLISHED', { url: displayUrl });
        if (end === 'changed') this.#failure ??= this.#failed('the file has changed on the server');
        ended(typeof end === 'object' ? end.reason : end);
      },
    });
    this.#session?.close();
    this.#session = session;
    const abort = () => ended('stopped');
    signal.addEventListener('abort', abort);
    try {
      await session.begin();
      return await over;
    } catch (error) {
      if (isFirst || signal.aborted) throw error;
      return 'it cannot be reached';
    } finally {
      signal.removeEventListener('abort', abort);
      if (!this.#isWhole) session.close();
    }
  }

  async #prepare(file: FetchedFile): Promise<readonly Run[]> {
    const { sink, displayUrl } = this.#options;
    const { sizeBytes, root } = file.manifest;
    if (this.#file && !this.#file.manifest.root.equals(root)) {
      this.#fail(this.#failed('the file has changed on the server'));
    }
    this.#file = file;
    if (!this.#store) {
      const geometry = { size: sizeBytes, chunkSize: SWARM_CHUNK_BYTES };
      this.#store = await this.#openStore(file, geometry).catch((error: unknown) => {
        this.#fail(error);
        throw error;
      });
      this.#bytesResumed = Math.min(sizeBytes, this.#store.chunks.count * SWARM_CHUNK_BYTES);
      this.#bytesDone = this.#bytesResumed;
      if (sink) this.#writer = new OrderedWriter(sink, this.#store, 0, displayUrl);
      void this.#write();
    }
    await this.#finishIfWhole();
    return this.#store.chunks.runs().map(({ first, end }) => ({ first, count: end - first }));
  }

  #listen({ window, firstChunk, startMs }: FoundStream): StreamWindow {
    const { clock, sink, path, displayUrl, log } = this.#options;
    if (this.#play?.window.head.id.equals(window.head.id)) return this.#play.window;
    this.#liveSink ??= sink ?? createWriteStream(path).on('error', (error) => this.#fail(unwritable(path, error)));
    const onGap = (durationMs: number) => log.warn(`${durationMs / 1000} s of sound did not come in time`);
    this.#play = new LivePlay({ clock, window, firstChunk, startMs, sink: this.#liveSink, displayUrl, onGap });
    return window;
  }

  #heard(bytes: Buffer, giver: number): void {
    this.#count(bytes, giver);
    void this.#advance();
  }

  async #advance(): Promise<void> {
    await this.#play?.advance().catch((error: unknown) => this.#fail(error));
  }

  /** What is there under the file's own name and is right needs no fetching; else the part of before, or a new one. */
  async #openStore(file: FetchedFile, geometry: ChunkGeometry): Promise<ChunkStore> {
    const { path, isKept } = this.#options;
    const kept = isKept ? await KeptFile.open(path, geometry, (chunk, bytes) => file.isRight(chunk, bytes)) : undefined;
    const identity = `native ${file.manifest.root.toString('hex')}`;
    return kept ?? PartFile.open({ path, geometry, identity, isKept, hashOf: chunkHash });
  }

  async #keep(chunk: number, bytes: Buffer, giver: number): Promise<void> {
    if (this.#store!.chunks.has(chunk)) return;
    try {
      await this.#store!.write(chunk, bytes, this.#file!.hashOf(chunk).toString('hex'));
    } catch (error) {
      return this.#fail(error);
    }
    this.#fresh.set(chunk, bytes);
    if (this.#fresh.size > MAX_FRESH) this.#fresh.delete(this.#fresh.keys().next().value!);
    this.#count(bytes, giver);
    void this.#write();
    void this.#finishIfWhole();
  }

  #count(bytes: Buffer, giver: number): void {
    const nowMs = this.#options.clock.nowMs();
    this.#lastProgressMs = nowMs;
    this.#bytesCame += bytes.length;
    this.#bytesDone += bytes.length;
    if (giver !== SERVER) {
      this.#bytesFromPeers += bytes.length;
      this.#recentGivers.set(giver, nowMs);
    }
    this.#rate.add(bytes.length, nowMs);
  }

  async #finishIfWhole(): Promise<void> {
    if (this.#isWhole || this.#store?.chunks.count !== this.#file?.chunkCount) return;
    this.#isWhole = true;
    try {
      await this.#writer?.write();
      await this.#store!.finish();
      this.#options.onProgress(this.#progress());
    } catch (error) {
      this.#isWhole = false;
      this.#failure ??= error;
    }
    this.#finished?.();
  }

  async #write(): Promise<void> {
    await this.#writer?.write().catch((error: unknown) => this.#fail(error));
  }

  async #stay(): Promise<void> {
    const { stayMs, clock, signal } = this.#options;
    // The last receipts are on their way in any case.
    await sleep(clock, Math.max(stayMs, 50), signal);
  }

  #tick(): void {
    this.#checkStall();
    if ((this.#file || this.#play) && !this.#isWhole) this.#options.onProgress(this.#progress());
  }

  #checkStall(): void {
    const { clock, stallMs, displayUrl } = this.#options;
    if (this.#isWhole || clock.nowMs() - this.#lastProgressMs < stallMs) return;
    this.#fail(new DistreamError('TIMED_OUT', { url: displayUrl, seconds: Math.round(stallMs / 1000) }));
  }

  #progress(): DownloadProgress {
    const nowMs = this.#options.clock.nowMs();
    for (const [giver, lastMs] of this.#recentGivers) if (nowMs - lastMs > RECENT_MS) this.#recentGivers.delete(giver);
    return {
      bytesDone: this.#bytesDone,
      bytesTotal: this.#file?.manifest.sizeBytes,
      bytesPerSecond: this.#rate.perSecond(nowMs),
      peers: this.#recentGivers.size,
      shareFromPeers: this.#bytesCame === 0 ? 0 : this.#bytesFromPeers / this.#bytesCame,
      bytesResumed: this.#bytesResumed,
    };
  }

  #failed(reason: string): DistreamError {
    return new DistreamError('FETCH_FAILED', { url: this.#options.displayUrl, reason });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#finished?.();
  }
}
