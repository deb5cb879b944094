import type { Clock, Timer } from '../../core/clock.ts';

/**
 * One timer that is moved often. A later time leaves the timer where it is: it then fires too early, which costs less
 * than a new timer with each packet.
 */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #task: () => void;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** `task` is called at the time that was asked for, or before it; it asks again. */
  constructor(clock: Clock, task: () => void) {
    this.#clock = clock;
    this.#task = task;
  }

  /** Calls the task at `dueMs`, but not before `earliestMs`; never for infinity. */
  at(dueMs: number, earliestMs: number): void {
    const wantedMs = Math.max(dueMs, earliestMs);
    if (wantedMs >= this.#dueMs || wantedMs === Number.POSITIVE_INFINITY) return;
    this.#timer?.cancel();
    this.#dueMs = wantedMs;
    this.#timer = this.#clock.after(Math.ceil(wantedMs - this.#clock.nowMs()), () => {
      this.#timer = undefined;
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#task();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
