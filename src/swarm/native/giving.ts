import type { Clock, Timer } from '../../core/clock.ts';
import { SWARM_CHUNK_BYTES } from '../../protocols/swarm/hash-tree.ts';
import { type LinkMessage, writePiece } from '../../protocols/swarm/link-messages.ts';
import { isGrantToken } from '../../protocols/swarm/token.ts';
import { LINE_MESSAGE_BYTES } from './carrier.ts';
import type { PeerLines } from './peer-lines.ts';

/** Chunks that wait to be sent; a conductor orders far fewer. */
const MAX_WAITING = 512;
/** Tokens that are remembered as used; older ones have expired. */
const MAX_USED = 8192;
/** Buffers of a chunk of a file with the heads of its pieces that are kept: new memory costs more than the copy into it. */
const MAX_SPARE = 8;
const SPARE_BYTES = messagesBytes(SWARM_CHUNK_BYTES);
/** What may be sent at once after a pause: a timer that comes late on a busy machine loses nothing. */
const BURST_MS = 200;

/** Who gives. */
export interface GivingOptions {
  readonly clock: Clock;
  readonly lines: PeerLines;
  /** The giver's number and secret; undefined: it gives nothing now. */
  readonly self: () => { readonly peer: number; readonly secret: Buffer } | undefined;
  /** The conductor's clock in seconds. */
  readonly nowSeconds: () => number;
  /** The bytes of a verified chunk; undefined when it is not held. */
  readonly read: (file: number, chunk: number) => Promise<Buffer | undefined>;
  /** The most that is sent; undefined: no limit of its own. */
  readonly limitBytesPerSecond: number | undefined;
  /** True for a live stream: what is ordered of it mends what is late, and goes before all that waits. */
  readonly isLive?: (file: number) => boolean;
  /** What a peer needs before a chunk, as an encoded message: the proof of a live one that it was not sent yet. */
  readonly proofOf?: (peer: number, file: number, chunk: number) => Buffer | undefined;
}

interface Job {
  readonly peer: number;
  readonly file: number;
  readonly chunk: number;
  readonly bytes: Buffer;
  /** After it nobody needs the chunk. */
  readonly untilMs: number;
  readonly isUrgent: boolean;
  offset: number;
}

/** A chunk that is sent without being asked for: by a lease of the conductor. */
export type PushedChunk = Omit<Job, 'offset' | 'isUrgent'>;

/**
 * Sends chunks for which a peer shows a token, in the order in which they were asked for, and those of live streams
 * before all others, within a limit. A token is checked here without asking anybody, counts once, and only on the line of the peer that it names.
 */
export class Giving {
  readonly #options: GivingOptions;
  readonly #jobs: Job[] = [];
  readonly #used = new Map<string, number>();
  readonly #spare: Buffer[] = [];
  #reading = 0;
  #timer: Timer | undefined;
  #budget = 0;
  #budgetAtMs: number;
  /** Bytes of chunks sent. */
  bytesSent = 0;

  constructor(options: GivingOptions) {
    this.#options = options;
    this.#budgetAtMs = options.clock.nowMs();
  }

  /** A peer asks for a chunk. */
  async ask(peer: number, ask: LinkMessage & { type: 'ask' }): Promise<void> {
    const { file, chunk } = ask;
    const { lines } = this.#options;
    const refuse = () => void lines.send(peer, { type: 'refuse', file, chunk });
    if (!this.#isGranted(peer, ask) || this.#jobs.length + this.#reading >= MAX_WAITING) return refuse();
    this.#reading++;
    const bytes = await this.#options.read(file, chunk).catch(() => undefined);
    this.#reading--;
    if (!bytes) return refuse();
    const isUrgent = this.#options.isLive?.(file) === true;
    const job = { peer, file, chunk, bytes, untilMs: Number.POSITIVE_INFINITY, isUrgent, offset: 0 };
    const at = isUrgent ? this.#jobs.findIndex((other) => !other.isUrgent && other.offset === 0) : -1;
    this.#jobs.splice(at < 0 ? this.#jobs.length : at, 0, job);
    this.pump();
  }

  /** Sends a chunk by a lease, after what waits already; it is left out when too much waits. */
  push(chunk: PushedChunk): void {
    if (this.#jobs.length + this.#reading >= MAX_WAITING) return;
    this.#jobs.push({ ...chunk, isUrgent: false, offset: 0 });
    this.pump();
  }

  /** Sends what can be sent. Call it when a line has room again. */
  pump(): void {
    for (let at = 0; at < this.#jobs.length; ) {
      if (this.#wait()) return;
      const job = this.#jobs[at]!;
      const isLate = job.offset === 0 && job.untilMs < this.#options.clock.nowMs();
      if (isLate || !this.#options.lines.isOpen(job.peer)) this.#jobs.splice(at, 1);
      else if (!this.#options.lines.hasRoom(job.peer)) at++;
      else if (this.#sendPieces(job)) this.#jobs.splice(at, 1);
    }
  }

  close(): void {
    this.#timer?.cancel();
    this.#jobs.length = 0;
  }

  #isGranted(peer: number, { file, chunk, expires, token }: LinkMessage & { type: 'ask' }): boolean {
    const self = this.#options.self();
    const nowSeconds = this.#options.nowSeconds();
    if (!self || expires < nowSeconds) return false;
    if (!isGrantToken(token, self.secret, { giver: self.peer, taker: peer, file, chunk, expires })) return false;
    const name = token.toString('latin1');
    if (this.#used.has(name)) return false;
    this.#used.set(name, expires);
    for (const [old, until] of this.#used) {
      if (until >= nowSeconds && this.#used.size <= MAX_USED) break;
      this.#used.delete(old);
    }
    return true;
  }

  /** Without a limit a chunk goes in one write, with one piece by piece. Answers true when the chunk is sent. */
  #sendPieces(job: Job): boolean {
    const { lines, limitBytesPerSecond } = this.#options;
    const { peer, file, chunk, bytes, offset: begin } = job;
    const proof = begin === 0 ? this.#options.proofOf?.(peer, file, chunk) : undefined;
    const isWhole = limitBytesPerSecond === undefined;
    const needBytes = isWhole ? messagesBytes(bytes.length) : LINE_MESSAGE_BYTES;
    const spare =
      isWhole && needBytes <= SPARE_BYTES ? (this.#spare.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES)) : undefined;
    const buffer = spare ?? Buffer.allocUnsafe(needBytes);
    let end = 0;
    do {
      const piece = writePiece(buffer, end, job, bytes, LINE_MESSAGE_BYTES);
      job.offset += piece.length;
      end = piece.end;
    } while (isWhole && job.offset < bytes.length);
    if (proof) lines.sendBytes(peer, proof);
    const onSent = spare && (() => void (this.#spare.length < MAX_SPARE && this.#spare.push(spare)));
    lines.sendBytes(peer, buffer.subarray(0, end), onSent);
    this.bytesSent += job.offset - begin;
    if (limitBytesPerSecond !== undefined) this.#budget -= job.offset - begin;
    return job.offset >= bytes.length;
  }

  /** True while the limit allows nothing; goes on by itself. */
  #wait(): boolean {
    const { clock, limitBytesPerSecond } = this.#options;
    if (limitBytesPerSecond === undefined) return false;
    const nowMs = clock.nowMs();
    const perMs = limitBytesPerSecond / 1000;
    this.#budget = Math.min(this.#budget + (nowMs - this.#budgetAtMs) * perMs, BURST_MS * perMs);
    this.#budgetAtMs = nowMs;
    if (this.#budget > 0) return false;
    this.#timer ??= clock.after(Math.max(1, -this.#budget / perMs), () => {
      this.#timer = undefined;
      this.pump();
    });
    return true;
  }
}

/** What so many bytes of a chunk take at most in pieces. */
function messagesBytes(bytes: number): number {
  return bytes + 32 * Math.ceil(bytes / (LINE_MESSAGE_BYTES - 32));
}
