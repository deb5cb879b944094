import type { Writable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { OrderedWriter } from '../peer/ordered-writer.ts';
import type { StreamWindow } from './stream-window.ts';

/** A chunk that is not there so long after its time is left out: the server would have sent it before. */
const PATIENCE_MS = 500;

/** What is played, and where to. */
export interface LivePlayOptions {
  readonly clock: Clock;
  readonly window: StreamWindow;
  /** The first chunk that is played. */
  readonly firstChunk: number;
  /** The clock's ms at which the stream began. */
  readonly startMs: number;
  readonly sink: Writable;
  /** For errors. */
  readonly displayUrl: string;
  /** So many ms of sound are left out. */
  readonly onGap: (durationMs: number) => void;
}

/**
 * Writes a live stream in its order. It begins when the first chunk is due, so that all that came meanwhile is the
 * player's buffer, and from then on writes each chunk as soon as all before it are written.
 */
export class LivePlay {
  readonly #options: LivePlayOptions;
  readonly #writer: OrderedWriter;
  #isStarted = false;

  constructor(options: LivePlayOptions) {
    this.#options = options;
    this.#writer = new OrderedWriter(options.sink, options.window, options.firstChunk, options.displayUrl);
  }

  get window(): StreamWindow {
    return this.#options.window;
  }

  /** Writes what is due; call it when a chunk came, and some times a second. Rejects with FILE_UNWRITABLE. */
  async advance(): Promise<void> {
    const { clock, window, onGap } = this.#options;
    const nowMs = clock.nowMs();
    this.#isStarted ||= nowMs >= this.#dueMs(this.#writer.next);
    if (!this.#isStarted) return;
    let left = 0;
    for (;;) {
      const { next } = this.#writer;
      const later = window.chunks.nextFrom(next);
      if (later === undefined || later === next || nowMs < this.#dueMs(next) + PATIENCE_MS) break;
      this.#writer.skipTo(next + 1);
      left++;
    }
    if (left > 0) onGap(left * window.head.chunkMs);
    await this.#writer.write();
  }

  #dueMs(chunk: number): number {
    const bornMs = this.#options.window.bornMs(chunk);
    if (bornMs === undefined) return Number.POSITIVE_INFINITY;
    return this.#options.startMs + bornMs + this.#options.window.head.playDelayMs;
  }
}
