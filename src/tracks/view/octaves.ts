import type { HistogramAccount } from '../proof/histogram.ts';

/** Above this one, in microseconds, all is one bin: 67 s. */
const MAX_END_US = 2 ** 26;
const MIN_END_US = 16;

/**
 * A histogram with bins that double: at most 23 of them, enough for a picture. Quantiles stay as exact as they were.
 */
export function inOctaves({ count, p50Us, p99Us, p999Us, maxUs, bins }: HistogramAccount): HistogramAccount {
  const joined = new Map<number, number>();
  for (const [endUs, number] of bins) {
    let end = MIN_END_US;
    while (end < endUs && end < MAX_END_US) end *= 2;
    joined.set(end, (joined.get(end) ?? 0) + number);
  }
  return { count, p50Us, p99Us, p999Us, maxUs, bins: [...joined] };
}
