import type { Clock, Timer } from '../../core/clock.ts';

/** The instants at which resting sources are read, the same for all of a clock: one timer for hundreds of them. */
export class ReadGrid {
  readonly #clock: Clock;
  readonly #periodMs: number;
  #waiting = new Set<() => void>();
  #timer: Timer | undefined;

  private constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /** The grid of a clock with this period. */
  static of(clock: Clock, periodMs: number): ReadGrid {
    const ofClock = grids.get(clock) ?? new Map<number, ReadGrid>();
    grids.set(clock, ofClock);
    const grid = ofClock.get(periodMs) ?? new ReadGrid(clock, periodMs);
    ofClock.set(periodMs, grid);
    return grid;
  }

  /** Calls `task` once, at the next instant. */
  add(task: () => void): void {
    this.#waiting.add(task);
    this.#timer ??= this.#clock.after(this.#delayMs(), () => this.#tick());
  }

  /** Forgets a task. */
  delete(task: () => void): void {
    if (!this.#waiting.delete(task) || this.#waiting.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #delayMs(): number {
    const leftMs = this.#periodMs - (this.#clock.nowMs() % this.#periodMs);
    // Timers fire a little early: the instant that was just served does not come again.
    return leftMs < this.#periodMs / 8 ? leftMs + this.#periodMs : leftMs;
  }

  #tick(): void {
    this.#timer = undefined;
    const due = this.#waiting;
    this.#waiting = new Set();
    for (const task of due) task();
  }
}

const grids = new WeakMap<Clock, Map<number, ReadGrid>>();
