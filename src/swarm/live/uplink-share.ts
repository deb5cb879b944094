/** A new member is leased so many streams until it is seen what it carries. */
const GUESS_STREAMS = 1.25;
/** Never more than this without a limit that its user has set. */
const MOST_STREAMS = 16;
/** How long a chunk may take from a giver to its takers before that one has too much to do, and when it has room. */
const SLOW_MS = 1300;
const QUICK_MS = 700;
const NEW_SHARE = 0.1;
const LESS = 0.8;
const MORE = 1.15;
/** Time for a change to show. */
const PATIENCE_MS = 4000;
/** Receipts before a judgement. */
const ENOUGH = 8;

/**
 * What a giver of a live stream is relied on to send, in bytes a second. It is found out from how long chunks take from
 * it to its takers: less when they are slow, slowly more when they are quick, and never above what its user allows.
 */
export class UplinkShare {
  /** Bytes a second on which leases are built. */
  rate: number;
  readonly #most: number;
  readonly #least: number;
  #hopMs = 0;
  #count = 0;
  #changedMs: number;

  /** @param capBytesPerSecond what the user allows; undefined: not said */
  constructor(streamBytesPerSecond: number, capBytesPerSecond: number | undefined, nowMs: number) {
    this.rate = capBytesPerSecond ?? GUESS_STREAMS * streamBytesPerSecond;
    this.#most = capBytesPerSecond ?? MOST_STREAMS * streamBytesPerSecond;
    this.#least = streamBytesPerSecond / 4;
    this.#changedMs = nowMs;
  }

  /** A chunk took so long from the giver to a taker. Answers true when the rate has changed. */
  observe(hopMs: number, isFull: boolean, nowMs: number): boolean {
    this.#hopMs += (hopMs - this.#hopMs) * (this.#count === 0 ? 1 : NEW_SHARE);
    this.#count++;
    if (this.#count < ENOUGH || nowMs - this.#changedMs < PATIENCE_MS) return false;
    const before = this.rate;
    if (this.#hopMs > SLOW_MS) this.rate = Math.max(Math.min(this.#least, this.#most), this.rate * LESS);
    else if (this.#hopMs < QUICK_MS && isFull) this.rate = Math.min(this.#most, this.rate * MORE);
    if (this.rate === before) return false;
    this.#count = 0;
    this.#changedMs = nowMs;
    return true;
  }
}
