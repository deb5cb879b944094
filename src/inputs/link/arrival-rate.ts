import type { Clock } from '../../core/clock.ts';

const WINDOW_MS = 2000;

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
    return missingMs > 0 && gain > 0.02 ? missingMs / gain : undefined;
  }

  #turn(): void {
    const passedMs = this.#clock.nowMs() - this.#startMs;
    if (passedMs < WINDOW_MS) return;
    this.#rate = this.#audioMs / passedMs;
    this.#startMs = this.#clock.nowMs();
    this.#audioMs = 0;
  }
}
