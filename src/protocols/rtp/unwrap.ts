/**
 * Counters of a few bits made whole (RFC 3550 A.1): sequence numbers wrap after 8 s at 125 us per packet, timestamps
 * after a day at 48 kHz.
 * @module
 */

const SEQUENCES = 2 ** 16;
const TIMESTAMPS = 2 ** 32;

/** The whole number next to `near` whose lower 16 bits are `sequence`; may be negative near 0. */
export function unwrapSequence(sequence: number, near: number): number {
  return unwrapNear(sequence, near, SEQUENCES);
}

/**
 * The whole number next to `near` whose lower 32 bits are `timestamp`, in sample frames; exact up to 2^53. Right as
 * long as `near` is less than half a wrap (12 hours at 48 kHz) away from the truth.
 */
export function unwrapTimestamp(timestamp: number, near: number): number {
  return unwrapNear(timestamp, near, TIMESTAMPS);
}

function unwrapNear(value: number, near: number, modulus: number): number {
  const whole = Math.round(near);
  const ahead = (((value - whole) % modulus) + modulus) % modulus;
  return whole + (ahead >= modulus / 2 ? ahead - modulus : ahead);
}
