import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { type RangeSpec, rangeText } from '../../protocols/pdtp/byte-range.ts';
import { chunkCount, chunkOfRange, chunkRange } from '../../protocols/pdtp/chunks.ts';
import type { ClientSessionEvent, VerifiedEvent } from '../../protocols/pdtp/client-session.ts';
import type { Dialect } from '../../protocols/pdtp/dialect.ts';
import type { FileInfo, HashVerifyMessage, TransferMessage, VerifyQuestion } from '../../protocols/pdtp/messages.ts';
import { FILE_CHANGED } from '../coordinator/coordinator.ts';
import { chunkHash } from '../server/chunk-hashes.ts';
import type { ChunkStore } from './chunk-store.ts';
import { ControlLine } from './control-line.ts';
import { fetchChunk } from './fetch-chunk.ts';
import type { PeerDialer } from './peer-dialer.ts';

/** Orders that are carried out at once; a server that gives more is told that they failed. */
const MAX_FETCHES = 32;
const ANSWER_MS = 20_000;

/** What one connection of a download is made of. */
export interface DownloadSessionOptions {
  /** Connected; the session ends it. */
  readonly socket: Socket;
  readonly clock: Clock;
  readonly dialect: Dialect;
  readonly peerId: string;
  /** 0: it gives nothing. */
  readonly listenPort: number;
  /** The file's URL in messages. */
  readonly fileUrl: string;
  readonly dial: PeerDialer;
  /** A chunk came, and the server says that its hash is right. `from` is the order by which it came. */
  readonly onChunk: (chunk: number, bytes: Buffer, hash: string, from: TransferMessage) => Promise<void>;
  /** The server says that the file is another now. */
  readonly onChanged: () => void;
}

interface Arrived {
  readonly chunk: number;
  readonly bytes: Buffer;
  readonly hash: string;
  readonly from: TransferMessage;
}

/** One connection of a download with its server: asks for the file, carries out orders, has the hashes checked. */
export class DownloadSession {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  readonly #options: DownloadSessionOptions;
  readonly #line: ControlLine;
  readonly #over = new AbortController();
  readonly #arrived = new Map<string, Arrived>();
  readonly #questions = new Map<VerifyQuestion, (isAuthorized: boolean) => void>();
  #onInfo: (info: FileInfo | 'unknown') => void = () => {};
  #onChunk: () => void = () => {};
  #info: FileInfo | undefined;
  #store: ChunkStore | undefined;
  #fetches = 0;
  /** Why the connection ended, for people. */
  endReason = 'it gave no answer';

  constructor(options: DownloadSessionOptions) {
    this.#options = options;
    const { socket, dialect, peerId, listenPort } = options;
    // each fetch listens
    setMaxListeners(2 * MAX_FETCHES, this.#over.signal);
    let end = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    const session = {
      dialect,
      clientId: peerId,
      listenPort,
      onEvent: (event: ClientSessionEvent) => this.#take(event),
    };
    this.#line = new ControlLine(socket, session, (reason) => {
      this.endReason = reason;
      this.#over.abort();
      for (const answer of this.#questions.values()) answer(false);
      this.#questions.clear();
      end();
    });
  }

  /** Asks what the file is; `unknown` when it is not published, `ended` when there is no answer. */
  askInfo(): Promise<FileInfo | 'unknown' | 'ended'> {
    const told = new Promise<FileInfo | 'unknown' | 'ended'>((resolve) => {
      this.#onInfo = resolve;
      const timer = this.#options.clock.after(ANSWER_MS, () => resolve('ended'));
      void this.ended.then(() => {
        timer.cancel();
        resolve('ended');
      });
      this.#over.signal.addEventListener('abort', () => timer.cancel());
    });
    this.#line.session.askInfo(this.#options.fileUrl);
    this.#line.flush();
    return told;
  }

  /** Wants what is not in the store, gives what is. Of a live stream everything from `firstChunk` on. */
  begin(info: FileInfo, store: ChunkStore, firstChunk: number): void {
    this.#info = info;
    this.#store = store;
    const { session } = this.#line;
    const { fileUrl, listenPort } = this.#options;
    if (info.isStreaming) session.request(fileUrl, { min: firstChunk * info.chunkSize });
    else if (store.chunks.isEmpty) session.request(fileUrl);
    else {
      const rangeOf = (first: number, end: number) => ({
        min: chunkRange(info, first).min,
        max: chunkRange(info, end - 1).max,
      });
      let from = 0;
      const ends = [...store.chunks.runs(), { first: chunkCount(info), end: 0 }];
      for (const { first, end } of ends) {
        if (first > from) session.request(fileUrl, rangeOf(from, first));
        from = end;
      }
      if (listenPort > 0)
        for (const { first, end } of store.chunks.runs()) session.provide(fileUrl, rangeOf(first, end));
    }
    this.#line.flush();
  }

  /** Resolves when the next chunk is kept. */
  nextChunk(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChunk = resolve;
    });
  }

  /** Asks the server whether a caller was sent; false when the connection ends or the caller goes. */
  verify(question: VerifyQuestion, signal: AbortSignal): Promise<boolean> {
    if (this.#over.signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#questions.set(question, resolve);
      signal.addEventListener('abort', () => {
        this.#line.session.dropQuestion(question);
        this.#questions.delete(question);
        resolve(false);
      });
      this.#line.session.askVerify(question);
      this.#line.flush();
    });
  }

  /** A caller was given what it came for, or has gone. */
  given(question: VerifyQuestion): void {
    if (this.#over.signal.aborted) return;
    this.#line.session.reportIncoming(question);
    this.#line.flush();
  }

  close(): void {
    this.#over.abort();
    this.#line.close();
  }

  #take(event: ClientSessionEvent): void {
    switch (event.type) {
      case 'tell_info':
        if (event.url === this.#options.fileUrl) this.#onInfo(event.file ?? 'unknown');
        return;
      case 'transfer':
        return void this.#carryOut(event);
      case 'verified':
        return this.#answered(event);
      case 'hash_verify':
        return void this.#judged(event);
      case 'protocol_warn':
        if (event.message === FILE_CHANGED) this.#options.onChanged();
    }
  }

  async #carryOut(order: TransferMessage): Promise<void> {
    const { clock, dial, peerId } = this.#options;
    const chunk = this.#chunkOf(order.url, order.range);
    const isWanted = chunk !== undefined && !this.#store?.chunks.has(chunk) && this.#fetches < MAX_FETCHES;
    let hash: string | undefined;
    this.#fetches++;
    try {
      if (isWanted) {
        const bytes = await fetchChunk(order, { clock, dial, peerId, signal: this.#over.signal });
        hash = chunkHash(bytes);
        this.#arrived.set(rangeText(order.range), { chunk, bytes, hash, from: order });
      }
    } catch {
      // the server is told, and orders it from another peer
    } finally {
      this.#fetches--;
    }
    if (this.#over.signal.aborted) return;
    this.#line.session.reportOrder(order, hash);
    this.#line.flush();
  }

  async #judged({ url, range, isHashOk }: HashVerifyMessage): Promise<void> {
    const key = rangeText(range);
    const arrived = this.#chunkOf(url, range) === undefined ? undefined : this.#arrived.get(key);
    this.#arrived.delete(key);
    if (!arrived || !isHashOk || this.#store?.chunks.has(arrived.chunk)) return;
    await this.#options.onChunk(arrived.chunk, arrived.bytes, arrived.hash, arrived.from);
    this.#onChunk();
  }

  #answered({ question, isAuthorized }: VerifiedEvent): void {
    this.#questions.get(question)?.(isAuthorized);
    this.#questions.delete(question);
  }

  #chunkOf(url: string, { min, max }: RangeSpec): number | undefined {
    const info = this.#info;
    if (!info || url !== this.#options.fileUrl || min === undefined || max === undefined) return undefined;
    return chunkOfRange(info.isStreaming ? { ...info, size: Number.MAX_SAFE_INTEGER } : info, { min, max });
  }
}
