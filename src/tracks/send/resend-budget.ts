const SHARE_OF_RATE = 0.5;
const BURST_MS = 250;

/** How many packets of a flow may be sent again: at most half as many as it sends, a quarter of a second's at once. */
export class ResendBudget {
  readonly #perMs: number;
  readonly #burst: number;
  #allowance: number;
  #lastMs: number | undefined;

  constructor(packetsPerSecond: number) {
    this.#perMs = (packetsPerSecond * SHARE_OF_RATE) / 1000;
    this.#burst = Math.max(1, (packetsPerSecond * BURST_MS) / 1000);
    this.#allowance = this.#burst;
  }

  /** Takes one packet from the allowance; false when there is none at `nowMs`. */
  take(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - (this.#lastMs ?? nowMs));
    this.#lastMs = nowMs;
    this.#allowance = Math.min(this.#burst, this.#allowance + elapsedMs * this.#perMs);
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}
