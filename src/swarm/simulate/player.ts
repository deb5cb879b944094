import type { EventQueue } from './event-queue.ts';

/** Who plays a file in its order begins so long after it has the first chunk. */
const START_PLAY_MS = 2000;

/** What a player needs to know of the file that comes. */
export interface PlayerOptions {
  readonly queue: EventQueue;
  readonly chunkDurationMs: number;
  readonly chunks: number;
  readonly has: (chunk: number) => boolean;
}

/** Plays a file in its order while it comes, and counts how often and for how long it waits for the next chunk. */
export class Player {
  readonly #options: PlayerOptions;
  #played = 0;
  #isStarted = false;
  #waitingSinceMs = -1;
  waits = 0;
  waitedMs = 0;
  /** When its first chunk was there. */
  firstMs = Number.POSITIVE_INFINITY;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** A chunk has come. */
  came(): void {
    const { queue, has } = this.#options;
    if (!this.#isStarted && has(0)) {
      this.#isStarted = true;
      this.firstMs = queue.nowMs;
      queue.after(START_PLAY_MS, () => this.#play());
    }
    if (this.#waitingSinceMs < 0 || !has(this.#played)) return;
    this.waitedMs += queue.nowMs - this.#waitingSinceMs;
    this.#waitingSinceMs = -1;
    this.#play();
  }

  /** Takes the next chunk, or waits for it. */
  #play(): void {
    const { queue, chunkDurationMs, chunks, has } = this.#options;
    if (this.#played >= chunks) return;
    if (has(this.#played)) {
      this.#played++;
      queue.after(chunkDurationMs, () => this.#play());
      return;
    }
    this.waits++;
    this.#waitingSinceMs = queue.nowMs;
  }
}
