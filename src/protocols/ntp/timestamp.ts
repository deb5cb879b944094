/**
 * The 64-bit NTP timestamp (RFC 5905 6): seconds since 1900 and their fraction, 32 bits each, as one bigint. It wraps
 * in 2036; what is known of the time otherwise tells the era.
 * @module
 */

/** Seconds from 1900 to 1970. */
const UNIX_EPOCH_SECONDS = 2_208_988_800;
const WRAP = 1n << 64n;
const FRACTIONS = 2 ** 32;
const ERA_MS = FRACTIONS * 1000;

/** The NTP timestamp of UTC in milliseconds since 1970; fractions of a millisecond count. */
export function ntpOfUtcMs(utcMs: number): bigint {
  const wholeSeconds = Math.floor(utcMs / 1000);
  const fraction = Math.round(((utcMs - wholeSeconds * 1000) / 1000) * FRACTIONS);
  return BigInt.asUintN(64, (BigInt(wholeSeconds + UNIX_EPOCH_SECONDS) << 32n) + BigInt(fraction));
}

/** UTC in milliseconds since 1970, in the era that is nearest to `nearUtcMs`. */
export function utcMsOfNtp(ntp: bigint, nearUtcMs: number): number {
  const seconds = Number(BigInt.asUintN(64, ntp) >> 32n) - UNIX_EPOCH_SECONDS;
  const inFirstEra = seconds * 1000 + (Number(ntp & 0xffff_ffffn) * 1000) / FRACTIONS;
  return inFirstEra + Math.round((nearUtcMs - inFirstEra) / ERA_MS) * ERA_MS;
}

/** `later` minus `earlier` in milliseconds; right while they are less than 68 years apart, over a wrap too. */
export function ntpDifferenceMs(later: bigint, earlier: bigint): number {
  const units = BigInt.asIntN(64, later - earlier + WRAP);
  return (Number(units) / FRACTIONS) * 1000;
}

/** The middle 32 bits, as RTCP's LSR has them (RFC 3550 6.4.1): seconds modulo 65536 and a fraction of 1/65536 s. */
export function middleOfNtp(ntp: bigint): number {
  return Number((ntp >> 16n) & 0xffff_ffffn);
}
