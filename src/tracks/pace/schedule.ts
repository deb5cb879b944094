/**
 * What is due now. The schedule of some grids that share a start: told the time, it gives the slots to send in
 * their order. It holds no clock, so a step of the wall clock cannot reach it, and it allocates nothing after it
 * was made. Times are nanoseconds since the start, exact up to 2^53 (104 days).
 * @module
 */
import { type GridPeriod, periodNs } from './grid.ts';

/** How late slots are caught up. */
export interface ScheduleOptions {
  /** How many times faster than the grid slots leave while they are late; above 1. */
  readonly catchUpRate: number;
}

/** Answered by `take` when nothing is due. */
export const NOTHING_DUE = -1;

/**
 * Grids whose slots are taken when they are due. After a stall every slot is given, with its own number and
 * instant, but at most `catchUpRate` times as fast as the grid goes (and one period's worth of slots at once),
 * because a burst overruns the receiver's socket buffer.
 */
export class PaceSchedule {
  readonly periods: readonly GridPeriod[];
  /** Whole and fractional nanoseconds of each period, and of each grid's next slot: `whole + rest / denominator`. */
  readonly #stepWhole: Float64Array;
  readonly #stepRest: Float64Array;
  readonly #denominator: Float64Array;
  readonly #ideal: Float64Array;
  readonly #rest: Float64Array;
  readonly #slot: Float64Array;
  /** Before this instant the next slot of a grid does not leave, late as it may be. */
  readonly #notBefore: Float64Array;
  readonly #period: Float64Array;
  readonly #catchUpRate: number;
  #nextGrid = 0;
  #takenSlot = 0;
  #takenIdeal = 0;

  /**
   * @param periods one for each grid; its index names the grid
   * @throws RangeError when the catch-up rate is not above 1
   */
  constructor(periods: readonly GridPeriod[], { catchUpRate }: ScheduleOptions) {
    if (!(catchUpRate > 1)) throw new RangeError('the catch-up rate must be above 1');
    this.periods = periods;
    const column = (pick: (period: GridPeriod) => number) => Float64Array.from(periods, pick);
    this.#stepWhole = column(({ numerator, denominator }) => Math.floor(numerator / denominator));
    this.#stepRest = column(({ numerator, denominator }) => numerator % denominator);
    this.#denominator = column(({ denominator }) => denominator);
    this.#period = column(periodNs);
    this.#ideal = column(() => 0);
    this.#rest = column(() => 0);
    this.#slot = column(() => 0);
    this.#notBefore = column(() => Number.NEGATIVE_INFINITY);
    this.#catchUpRate = catchUpRate;
  }

  /** When something is due next, for waiting; in the past when it is late, `Infinity` when every grid ended. */
  nextNs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let grid = 0; grid < this.#ideal.length; grid++) {
      const due = this.#dueNs(grid);
      if (due >= earliest) continue;
      earliest = due;
      this.#nextGrid = grid;
    }
    return earliest;
  }

  /** The grid that is due at `nextNs`, when that was asked last. */
  get nextGrid(): number {
    return this.#nextGrid;
  }

  /** The number of the slot of `nextGrid` that comes next. */
  get nextSlot(): number {
    return this.#slot[this.#nextGrid]!;
  }

  /**
   * Takes the earliest slot that is due at `nowNs`. Answers its grid, or `NOTHING_DUE`; `takenSlot` and
   * `takenIdealNs` then tell of it until the next call.
   */
  take(nowNs: number): number {
    let grid = NOTHING_DUE;
    let earliest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#ideal.length; index++) {
      const due = this.#dueNs(index);
      if (due <= nowNs && due < earliest) {
        earliest = due;
        grid = index;
      }
    }
    if (grid !== NOTHING_DUE) this.#advance(grid, nowNs);
    return grid;
  }

  /** The number of the slot that was taken last, from 0. */
  get takenSlot(): number {
    return this.#takenSlot;
  }

  /** When the slot that was taken last was due on the grid. */
  get takenIdealNs(): number {
    return this.#takenIdeal;
  }

  /** A grid has nothing more to send: its slots are not given any more. */
  end(grid: number): void {
    this.#ideal[grid] = Number.POSITIVE_INFINITY;
  }

  #dueNs(grid: number): number {
    return Math.max(this.#ideal[grid]!, this.#notBefore[grid]!);
  }

  #advance(grid: number, nowNs: number): void {
    this.#takenSlot = this.#slot[grid]!;
    this.#takenIdeal = this.#ideal[grid]!;
    this.#slot[grid] = this.#takenSlot + 1;
    let ideal = this.#takenIdeal + this.#stepWhole[grid]!;
    let rest = this.#rest[grid]! + this.#stepRest[grid]!;
    if (rest >= this.#denominator[grid]!) {
      rest -= this.#denominator[grid]!;
      ideal += 1;
    }
    this.#ideal[grid] = ideal;
    this.#rest[grid] = rest;
    const period = this.#period[grid]!;
    this.#notBefore[grid] = Math.max(this.#notBefore[grid]!, nowNs - period) + period / this.#catchUpRate;
  }
}
