import { type Clock, sleep } from '../../core/clock.ts';
import { Turns } from './turns.ts';

/** Lets bytes through at a rate, on the average of a quarter of a second. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  /** One waits for its time, the others for that one: each that waits for its time listens to a signal. */
  readonly #turns = new Turns(1);
  #freeMs: number;

  /** @param bytesPerSecond Infinity: no limit */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#freeMs = clock.nowMs();
  }

  /** Resolves when so many bytes may go. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#bytesPerMs !== Number.POSITIVE_INFINITY) await this.#turns.take(() => this.#wait(bytes, signal));
  }

  async #wait(bytes: number, signal?: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const waitMs = this.#freeMs - nowMs;
    this.#freeMs = Math.max(this.#freeMs, nowMs - BURST_MS) + bytes / this.#bytesPerMs;
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
  }
}

const BURST_MS = 250;
