import type { Clock, Timer } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import type { ConductorMessage } from '../../protocols/swarm/conductor-messages.ts';
import type { LinkMessage } from '../../protocols/swarm/link-messages.ts';
import { type PeerCaps, type Run, SWARM_VERSION } from '../../protocols/swarm/peer-messages.ts';
import { SEALED } from '../../protocols/swarm/sealed-records.ts';
import { openStreamHead } from '../../protocols/swarm/stream-manifest.ts';
import type { SwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import { meetingIdentity } from '../../protocols/swarm/token.ts';
import { Listening } from '../live/listening.ts';
import { StreamWindow } from '../live/stream-window.ts';
import type { Carrier, LineTarget } from './carrier.ts';
import { ConductorLine } from './conductor-line.ts';
import { FetchedFile } from './fetched-file.ts';
import { Giving } from './giving.ts';
import { PeerLines } from './peer-lines.ts';
import { Taking } from './taking.ts';

const REF = 1;
const TICK_MS = 250;
const NO_TICKET = Buffer.alloc(0);
const RUNS_AT_ONCE = 1024;
const MAX_MEETINGS = 4096;

/** A live stream that the server has under the path. */
export interface FoundStream {
  /** A new one; answer the one of a session before if the stream is the same. */
  readonly window: StreamWindow;
  /** The first chunk to be played. */
  readonly firstChunk: number;
  /** The clock's ms at which the stream began. */
  readonly startMs: number;
}

/** One connection of a peer with a conductor, for one file or live stream. */
export interface NativeSessionOptions {
  readonly clock: Clock;
  readonly url: SwarmUrl;
  readonly displayUrl: string;
  readonly signal: AbortSignal;
  readonly carrier: Carrier;
  /** Where the carrier listens; 0: nowhere. */
  readonly listenPort: number;
  /** The key by which the peer is known again, 16 bytes. */
  readonly key: Buffer;
  readonly caps: PeerCaps;
  readonly inOrder: boolean;
  /** The file is known; resolves with what of it is there already. */
  readonly onFile: (file: FetchedFile) => Promise<readonly Run[]>;
  /** A verified chunk. `giver` is 0 for the server. Rejects when it cannot be kept. */
  readonly onChunk: (chunk: number, bytes: Buffer, giver: number) => Promise<void>;
  readonly has: (chunk: number) => boolean;
  readonly read: (chunk: number) => Promise<Buffer | undefined>;
  /** It is a live stream. Answers where its chunks are kept. */
  readonly onStream: (stream: FoundStream) => StreamWindow;
  /** A verified chunk of it. */
  readonly onStreamChunk: (bytes: Buffer, giver: number) => void;
  /** The session is over: the server has no such file, it does not let this peer join, the file has changed, it has signed two histories of a stream, or the line broke. */
  readonly onEnd: (end: 'unknown' | 'refused' | 'changed' | 'forked' | { readonly reason: string }) => void;
}

/** A peer in a swarm: listens to the conductor, fetches what it orders, and gives what it holds. */
export class NativeSession {
  readonly #options: NativeSessionOptions;
  readonly lines: PeerLines;
  readonly #giving: Giving;
  readonly #taking: Taking;
  readonly #meetings = new Map<number, LineTarget & { readonly expires: number }>();
  readonly #ticker: Timer;
  #line: ConductorLine | undefined;
  #self: { readonly peer: number; readonly secret: Buffer } | undefined;
  #serverKey: Buffer | undefined;
  #file: FetchedFile | undefined;
  #listening: Listening | undefined;
  #isReady = false;
  #clockOffset = 0;
  #isOver = false;

  constructor(options: NativeSessionOptions) {
    this.#options = options;
    const { clock, carrier, caps } = options;
    this.lines = new PeerLines({
      carrier,
      secret: () => this.#self?.secret,
      nowSeconds: () => this.#nowSeconds(),
      onMessage: (peer, message) => this.#hear(peer, message),
      onOpen: (peer) => {
        this.#taking.opened(peer);
        this.#listening?.opened(peer);
      },
      onDrain: () => this.#giving.pump(),
      onLost: (peer, wasOpen) => {
        this.#taking.lost(peer, wasOpen);
        this.#listening?.lost(peer, wasOpen);
      },
    });
    this.#giving = new Giving({
      clock,
      lines: this.lines,
      self: () => (caps.gives ? this.#self : undefined),
      nowSeconds: () => this.#nowSeconds(),
      proofOf: (peer, file, chunk) => {
        return file === this.#listening?.file ? this.#listening.pushing.proofFor(peer, chunk) : undefined;
      },
      read: async (file, chunk) => {
        if (file === this.#listening?.file) return this.#listening.chunk(chunk);
        return file === this.#file?.id && options.has(chunk) ? options.read(chunk) : undefined;
      },
      limitBytesPerSecond: caps.upBytesPerSecond > 0 ? caps.upBytesPerSecond : undefined,
      isLive: (file) => file === this.#listening?.file,
    });
    this.#taking = new Taking({
      clock,
      lines: this.lines,
      reach: (giver) => this.#reach(giver),
      lengthOf: (file, chunk) => {
        const isWanted = this.#isReady && file === this.#file?.id && !options.has(chunk);
        return isWanted ? this.#file?.lengthOf(chunk) : undefined;
      },
      keep: (_file, chunk, bytes, giver) => this.#keep(chunk, bytes, giver),
      tell: (receipt) => this.#line?.receipt(receipt),
    });
    this.#ticker = clock.every(TICK_MS, () => {
      this.#taking.tick();
      this.#listening?.tick();
    });
  }

  /** Connects and asks for the file. Rejects as `connectServer`. The caller closes it. */
  async begin(): Promise<void> {
    const { clock, url, displayUrl, signal, caps, listenPort, key, inOrder } = this.#options;
    this.#line = await ConductorLine.open({
      clock,
      url,
      displayUrl,
      signal,
      onMessage: (message) => this.#obey(message),
      onClose: (reason) => this.#end({ reason }),
    });
    const hello = {
      type: 'hello',
      version: SWARM_VERSION,
      capabilities: SEALED,
      listenPort,
      key,
      agent: 'distream',
    } as const;
    this.#line.send({ ...hello, ...caps });
    this.#line.send({ type: 'want', ref: REF, path: url.path, inOrder, ticket: url.ticket ?? NO_TICKET });
  }

  /** Bytes that this peer gave to others. */
  get bytesGiven(): number {
    return this.#giving.bytesSent;
  }

  /** Ends the session and all lines. */
  close(): void {
    this.#isOver = true;
    this.#ticker.cancel();
    this.#giving.close();
    this.#line?.close();
    this.lines.close();
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.clock.nowMs() / 1000 + this.#clockOffset);
  }

  #end(end: 'unknown' | 'refused' | 'changed' | 'forked' | { readonly reason: string }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd(end);
  }

  #obey(message: ConductorMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#self = message;
        this.#serverKey = this.#options.url.key ?? message.serverKey;
        this.#clockOffset = message.nowSeconds + 0.5 - this.#options.clock.nowMs() / 1000;
        return;
      case 'file':
        return this.#learn(message);
      case 'hashes':
        if (message.file === this.#file?.id && this.#file.addHashes(message.first, message.hashes)) void this.#ready();
        return;
      case 'meet':
        return this.#meet(message);
      case 'orders':
        for (const order of message.orders) {
          if (order.file === this.#listening?.file) this.#listening.order(order);
          else this.#taking.order(order);
        }
        return;
      case 'stream':
        return this.#listen(message);
      case 'lease':
        if (message.file === this.#listening?.file && this.#options.caps.gives) this.#listening.lease(message);
        return;
      case 'cancel':
        if (message.file === this.#listening?.file) return this.#listening.cancel(message.giver, message.chunk);
        return this.#taking.cancel(message.giver, message.file, message.chunk);
      case 'changed':
        if (message.file === (this.#file?.id ?? this.#listening?.file)) this.#end('changed');
    }
  }

  #learn({ status, file, manifest }: ConductorMessage & { type: 'file' }): void {
    if (status !== 'ok') return this.#end(status);
    if (!this.#serverKey || this.#file) throw new ProtocolViolation('a file out of turn');
    this.#file = new FetchedFile(file, manifest, this.#serverKey, this.#options.url.path);
  }

  #listen({ file, head: signedHead, firstChunk, nowMs }: ConductorMessage & { type: 'stream' }): void {
    const { clock, url, onStream, onStreamChunk } = this.#options;
    if (!this.#serverKey || this.#file || this.#listening) throw new ProtocolViolation('a stream out of turn');
    const head = openStreamHead(signedHead, this.#serverKey);
    if (head.path !== url.path) throw new ProtocolViolation('the head of another stream');
    const found = new StreamWindow(head, signedHead, this.#serverKey);
    const window = onStream({ window: found, firstChunk, startMs: clock.nowMs() - nowMs });
    this.#listening = new Listening({
      clock,
      file,
      window,
      lines: this.lines,
      giving: this.#giving,
      nowSeconds: () => this.#nowSeconds(),
      reach: (giver) => this.#reach(giver),
      tell: (receipt) => this.#line?.receipt(receipt),
      onChunk: (_chunk, bytes, giver) => onStreamChunk(bytes, giver),
      onForked: () => this.#end('forked'),
    });
    const runs = window.chunks.runs().map(({ first, end }) => ({ first, count: end - first }));
    this.#line?.send({ type: 'have', file, runs: runs.slice(0, RUNS_AT_ONCE) });
  }

  #reach(giver: number): void {
    const target = this.#meetings.get(giver);
    if (target) this.lines.dial(giver, target);
  }

  async #ready(): Promise<void> {
    const file = this.#file!;
    const runs = await this.#options.onFile(file).catch((error: unknown) => {
      this.#end({ reason: String(error) });
      return undefined;
    });
    if (!runs || this.#isOver) return;
    this.#isReady = true;
    for (let at = 0; at === 0 || at < runs.length; at += RUNS_AT_ONCE) {
      this.#line?.send({ type: 'have', file: file.id, runs: runs.slice(at, at + RUNS_AT_ONCE) });
    }
  }

  #meet({ peer, host, port, expires, key }: ConductorMessage & { type: 'meet' }): void {
    if (!this.#self) return;
    // Givers come and go while a stream is heard for days.
    if (this.#meetings.size >= MAX_MEETINGS) this.#forgetMeetings();
    if (this.#meetings.size >= MAX_MEETINGS) return;
    const identity = meetingIdentity({ dialler: this.#self.peer, expires });
    const target = { host: peer === 0 ? this.#line!.serverAddress : host, port, identity, key };
    this.#meetings.set(peer, { ...target, expires });
    this.lines.dial(peer, target);
  }

  #forgetMeetings(): void {
    const nowSeconds = this.#nowSeconds();
    for (const [peer, { expires }] of this.#meetings) if (expires < nowSeconds) this.#meetings.delete(peer);
  }

  #hear(peer: number, message: LinkMessage): void {
    switch (message.type) {
      case 'ask':
        return void this.#giving.ask(peer, message);
      case 'data':
        if (!this.#data(peer, message)) this.lines.drop(peer);
        return;
      case 'proof':
        if (message.file !== this.#listening?.file || !this.#listening.proof(peer, message)) this.lines.drop(peer);
        return;
      case 'refuse':
        if (message.file === this.#listening?.file) return this.#listening.refused(peer, message.chunk);
        return this.#taking.refused(peer, message.file, message.chunk);
      case 'probe':
      case 'echo':
        return this.lines.drop(peer);
    }
  }

  #data(peer: number, message: LinkMessage & { type: 'data' }): boolean {
    const isLive = message.file === this.#listening?.file;
    return isLive ? this.#listening!.data(peer, message) : this.#taking.data(peer, message);
  }

  async #keep(chunk: number, bytes: Buffer, giver: number): Promise<boolean> {
    if (!this.#file?.isRight(chunk, bytes)) return false;
    await this.#options.onChunk(chunk, bytes, giver);
    return true;
  }
}
