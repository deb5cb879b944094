/** How fast old measurements are forgotten: after this much measured sending, half of the mean is new. */
const HALF_LIFE_MS = 20_000;
/** The low quantile is the rate below which one measurement in five lies. */
const LOW_SHARE = 0.2;
const STEP = 0.05;

/** What a user allows, in bytes a second. */
export interface BandwidthLimits {
  /** Most that may be used; no limit when left out. */
  readonly capBytesPerSecond?: number;
  /** The line costs by volume: nothing is sent on it. */
  readonly metered?: boolean;
}

/**
 * Bandwidth of one direction of a peer over time, from transfers that the other side confirmed: a mean in which old
 * measurements decay, and a low quantile on which promises can be built. Rates are bytes a second.
 */
export class BandwidthModel {
  readonly #limits: BandwidthLimits;
  #mean: number;
  #low: number;

  /** @param guess rate until something was measured */
  constructor(guess: number, limits: BandwidthLimits = {}) {
    this.#limits = limits;
    this.#mean = guess;
    this.#low = guess * 0.7;
  }

  /** A transfer of so many bytes kept the direction busy for so long. Measurements that cannot be are ignored. */
  observe(bytes: number, busyMs: number): void {
    if (!(bytes > 0 && busyMs > 0 && Number.isFinite(busyMs) && Number.isFinite(bytes / busyMs))) return;
    const rate = (bytes / busyMs) * 1000;
    const weight = 1 - 0.5 ** (busyMs / HALF_LIFE_MS);
    const kept = Math.max(weight, 0.02);
    this.#mean += kept * (rate - this.#mean);
    const step = STEP * Math.max(this.#mean, 1);
    this.#low += rate < this.#low ? -step * (1 - LOW_SHARE) : step * LOW_SHARE;
    this.#low = Math.min(Math.max(this.#low, 0), this.#mean);
  }

  /** What it carries on average, within the user's cap: for plans that are mended as they go. */
  get meanBytesPerSecond(): number {
    return this.#allowed(this.#mean);
  }

  /** What it carries nearly always, within the user's cap: for leases and deadlines. */
  get lowBytesPerSecond(): number {
    return this.#allowed(this.#low);
  }

  #allowed(rate: number): number {
    if (this.#limits.metered) return 0;
    return Math.min(rate, this.#limits.capBytesPerSecond ?? Number.POSITIVE_INFINITY);
  }
}
