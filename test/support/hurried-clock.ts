import { type Clock, systemClock } from '../../src/core/clock.ts';

/** The machine's clock, `factor` times as fast: time limits of seconds are over in a moment, with real sockets. */
export function hurriedClock(factor: number): Clock {
  return {
    nowMs: () => systemClock.nowMs() * factor,
    utcMs: () => systemClock.utcMs(),
    after: (delayMs, task) => systemClock.after(delayMs / factor, task),
    every: (periodMs, task) => systemClock.every(Math.max(1, periodMs / factor), task),
  };
}
