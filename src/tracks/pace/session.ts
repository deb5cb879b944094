import type { Clock } from '../../core/clock.ts';
import type { PaceSchedule } from './schedule.ts';
import type { StatisticsWriter } from './statistics.ts';

/**
 * What the flows of a session share. A class, so that compiled code that has seen one session knows the next one
 * (see `warmUp`).
 */
export class PaceSession {
  readonly schedule: PaceSchedule;
  readonly statistics: StatisticsWriter;
  readonly catchUpRate: number;
  readonly #clock: Clock;
  #startNs = 0;

  constructor(schedule: PaceSchedule, statistics: StatisticsWriter, catchUpRate: number, clock: Clock) {
    this.schedule = schedule;
    this.statistics = statistics;
    this.catchUpRate = catchUpRate;
    this.#clock = clock;
  }

  /** Slot 0 is due so many nanoseconds from now. */
  startIn(ns: number): void {
    this.#startNs = this.#clock.nowMs() * 1e6 + ns;
  }

  /** Nanoseconds since slot 0 was due. */
  nowNs(): number {
    return this.#clock.nowMs() * 1e6 - this.#startNs;
  }
}
