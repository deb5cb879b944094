/** Part of a new measurement in the mean. */
const NEW_SHARE = 0.35;
/** A measurement takes at least so long. */
const SAMPLE_MS = 400;

/** How fast a giver sends while it has something to send, from the receipts of its takers. */
export class UplinkMeter {
  /** Bytes a second. */
  rate: number;
  #bytes = 0;
  /** Of stretches before the one that runs. */
  #busyMs = 0;
  #sinceMs: number | undefined;

  constructor(guess: number) {
    this.rate = guess;
  }

  /** It has something to send from now on. */
  began(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** A taker has confirmed so many bytes; `isBusy` when it still has something to send. Answers true for a new rate. */
  confirmed(bytes: number, nowMs: number, isBusy: boolean): boolean {
    this.#bytes += bytes;
    const isBroken = this.#busyMs > 0;
    const busyMs = this.#busyMs + nowMs - (this.#sinceMs ?? nowMs);
    if (busyMs < SAMPLE_MS) {
      if (isBusy) return false;
      this.#busyMs = busyMs;
      this.#sinceMs = undefined;
      return false;
    }
    const measured = (this.#bytes / busyMs) * 1000;
    this.#bytes = 0;
    this.#busyMs = 0;
    this.#sinceMs = isBusy ? nowMs : undefined;
    // Short stretches hold the way of orders and receipts: the line is at least so fast, and may be faster.
    if (isBroken && measured <= this.rate) return false;
    this.rate += NEW_SHARE * (measured - this.rate);
    return true;
  }
}
