const DEFAULT_BYTES_PER_SECOND = 16_000; // 128 kbit/s, until anything better is known
const WINDOW_MS = 10_000;
/** At the start and after a pause a burst may come, which says nothing of the rate either. */
const SETTLE_MS = 3000;

/**
 * Estimates how long opaque bytes last: from the bitrate that the source declares,
 * else from what arrives, measured over windows of ten seconds.
 */
export class OpaqueRate {
  readonly #declaredBytesPerSecond: number | undefined;
  #measuredBytesPerSecond: number | undefined;
  #windowStartMs: number;
  #windowBytes = 0;

  constructor(declaredKbps: number | undefined, nowMs: number) {
    this.#declaredBytesPerSecond = declaredKbps ? declaredKbps * 125 : undefined;
    this.#windowStartMs = nowMs + SETTLE_MS;
  }

  /** Notes that `bytes` arrived and returns their length in microseconds. */
  durationUs(bytes: number, nowMs: number): number {
    if (this.#declaredBytesPerSecond === undefined) this.#measure(bytes, nowMs);
    const rate = this.#declaredBytesPerSecond ?? this.#measuredBytesPerSecond ?? DEFAULT_BYTES_PER_SECOND;
    return Math.round((bytes / rate) * 1e6);
  }

  #measure(bytes: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs < 0) return;
    this.#windowBytes += bytes;
    if (elapsedMs < WINDOW_MS) return;
    // A window that is much longer held a pause, which says nothing of the rate.
    const steady = elapsedMs < WINDOW_MS * 1.5;
    if (steady) this.#measuredBytesPerSecond = (this.#windowBytes / elapsedMs) * 1000;
    this.#windowStartMs = steady ? nowMs : nowMs + SETTLE_MS;
    this.#windowBytes = 0;
  }
}
