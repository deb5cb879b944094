import type { Clock, Timer } from './clock.ts';

/** Calls back once when nothing was heard for so long. One timer at a time, whatever is heard how often. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onSilence: () => void;
  #heardMs: number;
  #timer: Timer;

  constructor(clock: Clock, timeoutMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onSilence = onSilence;
    this.#heardMs = clock.nowMs();
    this.#timer = clock.after(timeoutMs, () => this.#look());
  }

  /** Something came: the silence begins anew. */
  heard(): void {
    this.#heardMs = this.#clock.nowMs();
  }

  /** Ends the watch. */
  cancel(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const leftMs = this.#heardMs + this.#timeoutMs - this.#clock.nowMs();
    if (leftMs > 0) this.#timer = this.#clock.after(leftMs, () => this.#look());
    else this.#onSilence();
  }
}
