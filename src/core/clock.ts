/**
 * Time as a dependency. Everything that waits or measures takes a `Clock`, so
 * that a test turns time by hand.
 * @module
 */

/** A pending call made by `Clock.after` or `Clock.every`; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** A source of time. `systemClock` is the real one; tests use a fake. */
export interface Clock {
  /** Monotonic time in milliseconds with fractions; only differences mean something. */
  nowMs(): number;
  /** UTC in milliseconds since 1970; may step. Use it for names and display, never for intervals. */
  utcMs(): number;
  /** Calls `task` once after `delayMs`. */
  after(delayMs: number, task: () => void): Timer;
  /** Calls `task` every `periodMs` until cancelled. */
  every(periodMs: number, task: () => void): Timer;
}

/** The machine's clock. Its timers keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  utcMs: () => Date.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, task) {
    const handle = setInterval(task, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
};

/**
 * Resolves after `delayMs`, or at once when `signal` aborts. It never rejects:
 * the caller looks at `signal.aborted`.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish);
  });
}

/**
 * The machine's monotonic time in nanoseconds, the same for all threads and processes; no step of the wall clock
 * moves it. For instants that threads agree on; everything else takes a `Clock`.
 */
export function monotonicNs(): bigint {
  return process.hrtime.bigint();
}
