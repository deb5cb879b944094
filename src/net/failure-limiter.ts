import type { Clock } from '../core/clock.ts';
import { prefixKey } from './address.ts';

const MAX_KEYS = 10_000;

interface Failures {
  count: number;
  readonly sinceMs: number;
}

/** How many wrong passwords are borne. */
export interface FailureLimits {
  readonly clock: Clock;
  /** Failures in a window after which an address is blocked until the window ends; default 10. */
  readonly limit?: number;
  /** Default one minute, from the first failure. */
  readonly windowMs?: number;
}

/** Counts wrong passwords by address (a /64 counts as one). Holds at most 10,000 addresses; the oldest are forgotten. */
export class FailureLimiter {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #failures = new Map<string, Failures>();

  constructor({ clock, limit = 10, windowMs = 60_000 }: FailureLimits) {
    this.#clock = clock;
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** True when the address has failed too often: refuse it (429) without looking at its password. */
  isBlocked(address: string): boolean {
    return (this.#current(prefixKey(address))?.count ?? 0) >= this.#limit;
  }

  /** Counts one wrong password. */
  count(address: string): void {
    const key = prefixKey(address);
    const failures = this.#current(key);
    if (failures) failures.count++;
    else this.#begin(key);
  }

  #current(key: string): Failures | undefined {
    const failures = this.#failures.get(key);
    if (failures && this.#clock.nowMs() - failures.sinceMs < this.#windowMs) return failures;
    if (failures) this.#failures.delete(key);
    return undefined;
  }

  #begin(key: string): void {
    const oldest = this.#failures.size >= MAX_KEYS ? this.#failures.keys().next().value : undefined;
    if (oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(key, { count: 1, sinceMs: this.#clock.nowMs() });
  }
}
