import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Giving } from '../native/giving.ts';
import type { PeerLines } from '../native/peer-lines.ts';
import type { ConductedStream } from './conducted-stream.ts';
import { type AudioPart, LiveStream } from './live-stream.ts';
import { Pushing } from './pushing.ts';
import type { LeaseMessage, StreamConducting } from './stream-conducting.ts';

/** When the chunks of a stream have become so much longer or shorter, it begins anew: leases are made for one rate. */
const OTHER_RATE = 1.3;

/** What live streams of a server are published with. */
export interface LivePublishingOptions {
  readonly clock: Clock;
  readonly conducting: StreamConducting;
  readonly privateKey: KeyObject;
  readonly lines: PeerLines;
  readonly giving: Giving;
  /** The conductor's clock in seconds. */
  readonly nowSeconds: () => number;
}

/** The server's side of its live streams: makes chunks and proofs, and pushes what it is leased to push. */
export class LivePublishing {
  readonly #options: LivePublishingOptions;
  readonly #pushing = new Map<number, Pushing>();
  /** With the keys of their tickets. */
  readonly #paths = new Map<string, string | undefined>();

  constructor(options: LivePublishingOptions) {
    this.#options = options;
  }

  /**
   * A stream under this path, `/NAME`, from its first audio on; with a key only for who has a ticket. The caller closes
   * it. Throws RangeError when the path is taken.
   */
  publish(path: string, ticketKey?: string): PublishedStream {
    if (this.#paths.has(path)) throw new RangeError(`${path} is published already`);
    this.#paths.set(path, ticketKey);
    this.#options.conducting.expect(path);
    return new PublishedStream(path, this.#options, this.#pushing, () => {
      this.#paths.delete(path);
      this.#options.conducting.forget(path);
    });
  }

  /** True when a stream has the path, also before its first audio. */
  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** With which tickets for a stream are made; undefined: everybody may join. */
  ticketKeyOf(path: string): string | undefined {
    return this.#paths.get(path);
  }

  /** The conductor leases the server itself. */
  lease(lease: LeaseMessage): void {
    this.#pushing.get(lease.file)?.lease(lease);
  }

  opened(peer: number): void {
    for (const pushing of this.#pushing.values()) pushing.opened(peer);
  }

  lost(peer: number): void {
    for (const pushing of this.#pushing.values()) pushing.lost(peer);
  }

  /** The bytes of a chunk; undefined when the number is of no stream, or it is not in the window. */
  read(file: number, chunk: number): Buffer | undefined {
    return this.#options.conducting.get(file)?.stream.chunk(chunk)?.bytes;
  }

  /** What a peer needs before a chunk. */
  proofFor(peer: number, file: number, chunk: number): Buffer | undefined {
    return this.#pushing.get(file)?.proofFor(peer, chunk);
  }
}

/** One published stream. */
export class PublishedStream {
  readonly #path: string;
  readonly #options: LivePublishingOptions;
  readonly #pushing: Map<number, Pushing>;
  readonly #onClose: () => void;
  #conducted: ConductedStream | undefined;
  #firstChunkBytes = 0;
  #isClosed = false;

  constructor(path: string, options: LivePublishingOptions, pushing: Map<number, Pushing>, onClose: () => void) {
    this.#onClose = onClose;
    this.#path = path;
    this.#options = options;
    this.#pushing = pushing;
  }

  /** Those who listen now. */
  get listeners(): number {
    return this.#conducted?.size ?? 0;
  }

  /** Takes the next audio. */
  append(part: AudioPart): void {
    const { conducting, clock, privateKey } = this.#options;
    if (this.#isClosed) return;
    if (this.#conducted) {
      const { first, end } = conducting.append(this.#conducted, part);
      const pushing = this.#pushing.get(this.#conducted.id);
      for (let chunk = first; chunk < end; chunk++) pushing?.came(chunk);
      const change = this.#conducted.stream.chunkBytes / this.#firstChunkBytes;
      if (change > OTHER_RATE || change < 1 / OTHER_RATE) this.#withdraw();
      return;
    }
    const nowMs = clock.nowMs();
    const stream = new LiveStream({ path: this.#path, privateKey, startMs: nowMs });
    stream.append(part, nowMs);
    if (stream.end === 0) return;
    this.#firstChunkBytes = stream.chunkBytes;
    const conducted = conducting.publish(stream);
    this.#conducted = conducted;
    this.#pushing.set(conducted.id, this.#pushingOf(conducted));
  }

  /** It is published no more: its listeners are told. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#withdraw();
    this.#onClose();
  }

  #withdraw(): void {
    const conducted = this.#conducted;
    if (!conducted) return;
    this.#conducted = undefined;
    this.#pushing.delete(conducted.id);
    this.#options.conducting.withdraw(conducted);
  }

  #pushingOf({ id, stream }: ConductedStream): Pushing {
    const { clock, lines, giving, nowSeconds } = this.#options;
    return new Pushing({
      clock,
      lines,
      giving,
      nowSeconds,
      file: id,
      substreams: stream.head.substreams,
      playDelayMs: stream.head.playDelayMs,
      chunk: (number) => stream.chunk(number),
      end: () => stream.end,
    });
  }
}
