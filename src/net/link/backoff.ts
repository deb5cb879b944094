import type { Clock } from '../../core/clock.ts';

const FIRST_MS = 200;
const FACTOR = 1.5;
/** In the first minute it is tried more often: most outages are shorter, and each second counts. */
const YOUNG_LAST_MS = 1000;
const YOUNG_MS = 60_000;
const LAST_MS = 2000;
const JITTER = 0.2;

/** How long to wait before the next attempt: 200 ms, more each time, 1 s in the first minute, 2 s after it, for ever. */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #delayMs = FIRST_MS;
  #sinceMs: number;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#sinceMs = clock.nowMs();
  }

  /** The next delay, within a fifth of the plan. */
  next(): number {
    const isYoung = this.#clock.nowMs() - this.#sinceMs < YOUNG_MS;
    const delayMs = Math.min(this.#delayMs, isYoung ? YOUNG_LAST_MS : LAST_MS);
    this.#delayMs = Math.min(LAST_MS, this.#delayMs * FACTOR);
    return delayMs * (1 + (2 * this.#random() - 1) * JITTER);
  }

  /** Something was well: begin anew. */
  reset(): void {
    this.#delayMs = FIRST_MS;
    this.#sinceMs = this.#clock.nowMs();
  }
}
