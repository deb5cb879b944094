/**
 * The ideal instants at which packets leave: slot `i` of a grid at `i * period` after the start, in whole
 * nanoseconds, rounded down. A period is a fraction, so that 44 frames of 44.1 kHz do not drift in any time.
 * @module
 */

const NS_PER_SECOND = 1_000_000_000;
/** The longest period: an hour. */
const MAX_PERIOD_NS = 3600 * NS_PER_SECOND;

/** A period of exactly `numerator / denominator` nanoseconds, in lowest terms. */
export interface GridPeriod {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * The period of packets with `frames` sample frames each.
 * @throws RangeError when the period is not between 1 us and 1 hour
 */
export function periodOfFrames(frames: number, sampleRate: number): GridPeriod {
  return period(frames * NS_PER_SECOND, sampleRate);
}

/**
 * A period in microseconds.
 * @throws RangeError when the period is not between 1 us and 1 hour
 */
export function periodOfMicroseconds(microseconds: number): GridPeriod {
  return period(microseconds * 1000, 1);
}

/** The period in nanoseconds, as near as a Number comes; for sizes and rates, not for instants. */
export function periodNs({ numerator, denominator }: GridPeriod): number {
  return numerator / denominator;
}

/** When the slot `slot` is due, in nanoseconds after the start; exact for every slot. */
export function slotInstantNs({ numerator, denominator }: GridPeriod, slot: number): number {
  return Number((BigInt(slot) * BigInt(numerator)) / BigInt(denominator));
}

function period(numerator: number, denominator: number): GridPeriod {
  const isWhole = Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator);
  const ns = numerator / denominator;
  if (!isWhole || !(ns >= 1000 && ns <= MAX_PERIOD_NS)) throw new RangeError('a period lasts from 1 us to 1 hour');
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
