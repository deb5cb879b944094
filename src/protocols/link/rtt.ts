const WINDOW_MS = 60_000;
const WINDOWS = 5;
/** Assumed before the first sample. */
const INITIAL_RTT_MS = 100;

/** Round trip of one path, smoothed as in RFC 9002, section 5; the minimum is that of the last five minutes. */
export class RttEstimator {
  latestMs = 0;
  smoothedMs = INITIAL_RTT_MS;
  variationMs = INITIAL_RTT_MS / 2;
  #hasSample = false;
  // The lowest of each of the last minutes, newest last.
  #lows: { startMs: number; rttMs: number }[] = [];

  get hasSample(): boolean {
    return this.#hasSample;
  }

  get minMs(): number {
    let low = Number.POSITIVE_INFINITY;
    for (const { rttMs } of this.#lows) low = Math.min(low, rttMs);
    return this.#hasSample ? low : INITIAL_RTT_MS;
  }

  /** How much longer the last packet waited in queues than the quickest did. */
  get queueMs(): number {
    return this.#hasSample ? Math.max(0, this.latestMs - this.minMs) : 0;
  }

  /** `rttMs` without the peer's ack delay. */
  sample(rttMs: number, nowMs: number): void {
    const last = this.#lows.at(-1);
    if (!last || nowMs - last.startMs > WINDOW_MS) this.#lows.push({ startMs: nowMs, rttMs });
    else last.rttMs = Math.min(last.rttMs, rttMs);
    if (this.#lows.length > WINDOWS) this.#lows.shift();
    this.latestMs = rttMs;
    if (this.#hasSample) {
      this.variationMs += (Math.abs(this.smoothedMs - rttMs) - this.variationMs) / 4;
      this.smoothedMs += (rttMs - this.smoothedMs) / 8;
    } else {
      this.smoothedMs = rttMs;
      this.variationMs = rttMs / 2;
      this.#hasSample = true;
    }
  }
}
