import { type Clock, monotonicNs } from '../core/clock.ts';

/** The wall clock tells whole milliseconds; one of them is waited for at most. */
const MAX_WAIT_NS = 2_000_000n;

/**
 * UTC that no step of the wall clock moves: read once, then counted by the monotonic clock. Finer than a millisecond,
 * because it is read at the instant at which the wall clock's millisecond changes.
 */
export class SteadyUtc {
  readonly #anchorNs: bigint;
  readonly #anchorUtcMs: number;

  /** @param anchor UTC at an instant of the monotonic clock */
  constructor(anchor: { readonly ns: bigint; readonly utcMs: number }) {
    this.#anchorNs = anchor.ns;
    this.#anchorUtcMs = anchor.utcMs;
  }

  /** Reads the machine's clocks; busy for a millisecond, two at most. */
  static read(clock: Clock, nowNs: () => bigint = monotonicNs): SteadyUtc {
    const first = clock.utcMs();
    const limitNs = nowNs() + MAX_WAIT_NS;
    for (;;) {
      const utcMs = clock.utcMs();
      const ns = nowNs();
      if (utcMs !== first || ns > limitNs) return new SteadyUtc({ ns, utcMs });
    }
  }

  /** UTC in milliseconds since 1970, with fractions, at an instant of `monotonicNs`. */
  utcMsAt(ns: bigint): number {
    return this.#anchorUtcMs + Number(ns - this.#anchorNs) / 1e6;
  }

  /** The instant of `monotonicNs` at which it is or was `utcMs`. */
  nsAt(utcMs: number): bigint {
    return this.#anchorNs + BigInt(Math.round((utcMs - this.#anchorUtcMs) * 1e6));
  }
}
