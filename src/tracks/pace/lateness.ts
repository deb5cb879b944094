/**
 * A histogram of lateness in shared memory: one thread counts, another reads. Buckets grow with their value, each
 * at most a sixteenth wide of what it holds, so 352 counters reach from 1 us to a minute.
 * @module
 */

const SUB_BITS = 4;
const SUB_BUCKETS = 2 ** SUB_BITS;
/** Counters of a histogram. */
export const LATENESS_BUCKETS = 22 * SUB_BUCKETS;

/** Lateness in milliseconds: the median, the 99th percentile, and the bucket of the worst. */
export interface LatenessSummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** The bucket of a lateness; what is early counts as 0, what is over a minute as the last. */
export function latenessBucket(microseconds: number): number {
  const value = Math.max(0, Math.min(2 ** 30, Math.floor(microseconds)));
  if (value < SUB_BUCKETS) return value;
  const octave = 31 - Math.clz32(value) - SUB_BITS;
  return Math.min(LATENESS_BUCKETS - 1, (octave + 1) * SUB_BUCKETS + ((value >> octave) & (SUB_BUCKETS - 1)));
}

/** The least lateness that the bucket above `bucket` counts: no value in `bucket` reaches it. In microseconds. */
export function bucketEndMicroseconds(bucket: number): number {
  const next = bucket + 1;
  if (next < SUB_BUCKETS) return next;
  const octave = Math.floor(next / SUB_BUCKETS) - 1;
  return (SUB_BUCKETS + (next % SUB_BUCKETS)) * 2 ** octave;
}

/** Reads a histogram while it is counted on. A quantile is the upper end of its bucket. */
export function summarizeLateness(buckets: Uint32Array): LatenessSummary {
  const counts = Array.from(buckets.subarray(0, LATENESS_BUCKETS));
  const count = counts.reduce((sum, one) => sum + one, 0);
  const quantile = (q: number) => {
    if (count === 0) return 0;
    let below = 0;
    const bucket = counts.findIndex((one) => {
      below += one;
      return one > 0 && below >= q * count;
    });
    return bucketEndMicroseconds(bucket) / 1000;
  };
  return { count, p50Ms: quantile(0.5), p99Ms: quantile(0.99), p999Ms: quantile(0.999), maxMs: quantile(1) };
}
