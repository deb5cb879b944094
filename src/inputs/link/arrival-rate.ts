import type { Clock } from '../../core/clock.ts';

const WINDOW_MS = 2000;
/** Audio comes in pieces of up to a tenth of a second: less than this above real time is none. */
const MIN_GAIN = 0.08;
/** What lacks less than this is not filled up. */
const FULL_WITHIN_MS = 500;

/** How fast audio comes, against real time: 1 is as fast as it plays. */
export class ArrivalRate {
  readonly #clock: Clock;
  #startMs: number;
  #audioMs = 0;
  #rate = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
  }

  audio(audioMs: number): void {
    this.#turn();
    this.#audioMs += audioMs;
  }

  /** Over the last whole window; 0 while nothing comes. */
  get value(): number {
    this.#turn();
    return this.#rate;
  }

  /** Time until so much more audio has come than was played; undefined when that does not happen. */
  timeToGainMs(missingMs: number): number | undefined {
    const gain = this.value - 1;
    return missingMs >= FULL_WITHIN_MS && gain > MIN_GAIN ? missingMs / gain : undefined;
  }

  #turn(): void {
    const passedMs = this.#clock.nowMs() - this.#startMs;
    if (passedMs < WINDOW_MS) return;
    this.#rate = this.#audioMs / passedMs;
    this.#startMs = this.#clock.nowMs();
    this.#audioMs = 0;
  }
}
