/** The length of a window: its fastest packet tells how far the clocks have come apart. */
const WINDOW_MS = 10_000;
const MAX_WINDOWS = 360;

/**
 * How fast a sender's clock runs against ours, by the fastest packet of each ten seconds: what delays packets only ever
 * makes them later. Keeps the last hour.
 */
export class DriftEstimate {
  #windows: { startMs: number; least: number }[] = [];

  /** The sender's clock against ours in millionths, positive when it is faster; undefined before three windows. */
  get ppm(): number | undefined {
    if (this.#windows.length < 4) return undefined;
    const first = this.#windows[0]!;
    // The newest window is not full yet.
    const last = this.#windows.at(-2)!;
    return ((first.least - last.least) / (last.startMs - first.startMs)) * 1e6;
  }

  /** @param transitMs arrival minus the time of the packet's timestamp; the constant part does not matter */
  note(transitMs: number, arrivalMs: number): void {
    const newest = this.#windows.at(-1);
    if (newest && arrivalMs - newest.startMs < WINDOW_MS) {
      if (transitMs < newest.least) newest.least = transitMs;
      return;
    }
    this.#windows.push({ startMs: arrivalMs, least: transitMs });
    if (this.#windows.length > MAX_WINDOWS) this.#windows.shift();
  }

  /** Another timeline begins. */
  restart(): void {
    this.#windows = [];
  }
}
