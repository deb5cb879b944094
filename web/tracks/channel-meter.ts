/** The bottom of a meter. */
export const METER_FLOOR_DB = -60;
/** A peak falls so fast. */
const FALL_DB_PER_SECOND = 20;
/** The mark of the highest peak stays so long, then falls too. */
const HOLD_MS = 1500;
/** RMS follows within so long. */
const RMS_MS = 300;

/** The needle of one channel: levels in dBFS go in, what a meter shows comes out. */
export class ChannelMeter {
  peak = Number.NEGATIVE_INFINITY;
  rms = Number.NEGATIVE_INFINITY;
  /** The highest peak of the last moments. */
  held = Number.NEGATIVE_INFINITY;
  /** The highest peak since the last reset. */
  highest = Number.NEGATIVE_INFINITY;
  /** Three samples in a row were at full scale since the last reset. */
  isClipped = false;
  #heldUntilMs = 0;
  #lastMs: number | undefined;

  /** A peak and an RMS of some 50 ms. */
  take(peak: number, rms: number, isClipped: boolean, nowMs: number): void {
    const elapsedMs = Math.min(1000, Math.max(0, nowMs - (this.#lastMs ?? nowMs)));
    this.#lastMs = nowMs;
    const fallen = (FALL_DB_PER_SECOND * elapsedMs) / 1000;
    this.peak = Math.max(peak, this.peak - fallen);
    const share = Math.min(1, elapsedMs / RMS_MS);
    this.rms = Number.isFinite(this.rms) ? this.rms + (rms - this.rms) * share : rms;
    if (peak >= this.held || nowMs > this.#heldUntilMs) {
      this.held = Math.max(peak, nowMs > this.#heldUntilMs ? this.held - fallen : peak);
      if (peak >= this.held) this.#heldUntilMs = nowMs + HOLD_MS;
    }
    this.highest = Math.max(this.highest, peak);
    this.isClipped ||= isClipped;
  }

  /** Forgets what was highest, and clips. */
  reset(): void {
    this.highest = Number.NEGATIVE_INFINITY;
    this.isClipped = false;
  }

  /** Nothing comes any more. */
  rest(): void {
    this.peak = Number.NEGATIVE_INFINITY;
    this.rms = Number.NEGATIVE_INFINITY;
    this.held = Number.NEGATIVE_INFINITY;
    this.#lastMs = undefined;
  }
}

/** Where a level stands on a meter, 0 to 1. */
export function shareOf(db: number): number {
  return Math.min(1, Math.max(0, 1 - db / METER_FLOOR_DB));
}
