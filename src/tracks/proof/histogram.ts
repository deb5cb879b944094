import { bucketEndMicroseconds, LATENESS_BUCKETS, latenessBucket } from '../pace/lateness.ts';

/** A histogram as it stands in a take's account. Times in microseconds. */
export interface HistogramAccount {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** Bins that are not empty: their upper end, which no value in them reaches, and how many values. */
  readonly bins: readonly (readonly [endUs: number, count: number])[];
}

/**
 * Counts times in bins that grow with them: each is at most a sixteenth wide of what it holds, 1 us the narrowest, and
 * the last holds all from a minute on. So its size does not depend on how much is counted. Recording allocates nothing.
 */
export class Histogram {
  readonly #bins = new Float64Array(LATENESS_BUCKETS);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** The largest time, exactly; 0 when there is none. In microseconds. */
  get maxUs(): number {
    return this.#max;
  }

  /** Counts one time. What is below 0 (early) counts as 0. */
  record(microseconds: number): void {
    this.#bins[latenessBucket(microseconds)]! += 1;
    this.#count += 1;
    if (microseconds > this.#max) this.#max = microseconds;
  }

  /** Adds counters of the same bins, such as the pacer's in shared memory; their largest time is known by its bin only. */
  addBins(counters: ArrayLike<number>): void {
    for (let bin = 0; bin < LATENESS_BUCKETS; bin++) {
      const count = counters[bin] ?? 0;
      if (count === 0) continue;
      this.#bins[bin]! += count;
      this.#count += count;
      this.#max = Math.max(this.#max, bucketEndMicroseconds(bin));
    }
  }

  /**
   * The time that a share of all stays within: the upper end of its bin, never more than the largest. In microseconds.
   * @param share 0 to 1
   */
  quantileUs(share: number): number {
    let below = 0;
    for (let bin = 0; bin < LATENESS_BUCKETS; bin++) {
      below += this.#bins[bin]!;
      const isLast = bin === LATENESS_BUCKETS - 1;
      if (below > 0 && below >= share * this.#count)
        return isLast ? this.#max : Math.min(this.#max, bucketEndMicroseconds(bin));
    }
    return 0;
  }

  account(): HistogramAccount {
    const bins: [number, number][] = [];
    for (let bin = 0; bin < LATENESS_BUCKETS; bin++) {
      const count = this.#bins[bin]!;
      if (count > 0) bins.push([bucketEndMicroseconds(bin), count]);
    }
    return {
      count: this.#count,
      p50Us: this.quantileUs(0.5),
      p99Us: this.quantileUs(0.99),
      p999Us: this.quantileUs(0.999),
      maxUs: this.#max,
      bins,
    };
  }
}
