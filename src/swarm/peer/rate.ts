const SLOTS = 5;
const SLOT_MS = 1000;

/** Bytes a second over the last five seconds. */
export class Rate {
  readonly #slots = new Float64Array(SLOTS + 1);
  #slot = 0;
  #startMs: number | undefined;

  add(bytes: number, nowMs: number): void {
    this.#startMs ??= nowMs;
    this.#turn(nowMs);
    this.#slots[this.#slot % this.#slots.length]! += bytes;
  }

  perSecond(nowMs: number): number {
    if (this.#startMs === undefined) return 0;
    this.#turn(nowMs);
    const sum = this.#slots.reduce((all, bytes) => all + bytes, 0);
    const spanMs = Math.min(nowMs - this.#startMs, SLOTS * SLOT_MS);
    return (sum * 1000) / Math.max(SLOT_MS, spanMs);
  }

  #turn(nowMs: number): void {
    const now = Math.floor(nowMs / SLOT_MS);
    const behind = Math.min(now - this.#slot, this.#slots.length);
    for (let step = 1; step <= behind; step++) this.#slots[(now - behind + step) % this.#slots.length] = 0;
    if (now > this.#slot) this.#slot = now;
  }
}
