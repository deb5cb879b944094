/** How finely arrival times are kept: parts of the delay. */
const STEPS = 64;
const MAX_CHECKPOINTS = 4 * STEPS;

/** How far a timeline has come, and the last packet that was there. */
export interface Checkpoint {
  /** The end of the newest frames. */
  readonly end: number;
  /** The highest extended sequence number. */
  readonly sequence: number;
}

/**
 * When frames are released: a fixed time after the packets came. It goes by arrivals, not by a clock of its own: a
 * sender whose clock is faster or slower changes nothing, and while nothing comes, nothing is released.
 */
export class Playout {
  readonly #delayMs: number;
  readonly #stepMs: number;
  #checkpoints: { openedMs: number; end: number; sequence: number }[] = [];
  #newest: Checkpoint | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
    this.#stepMs = delayMs / STEPS;
  }

  /** Frames up to `end` have come. Going back changes nothing. */
  note(end: number, sequence: number, arrivalMs: number): void {
    if (this.#newest && end <= this.#newest.end) return;
    this.#newest = { end, sequence };
    const last = this.#checkpoints.at(-1);
    if (last && arrivalMs - last.openedMs < this.#stepMs) {
      last.end = end;
      last.sequence = sequence;
      return;
    }
    this.#checkpoints.push({ openedMs: arrivalMs, end, sequence });
    if (this.#checkpoints.length > MAX_CHECKPOINTS) this.#checkpoints.shift();
  }

  /** Up to where everything has waited long enough; undefined when nothing more has since the last call. */
  due(nowMs: number): Checkpoint | undefined {
    let due: Checkpoint | undefined;
    while (this.#checkpoints.length > 0) {
      const oldest = this.#checkpoints[0]!;
      if (nowMs - oldest.openedMs < this.#delayMs + this.#stepMs) break;
      due = oldest;
      this.#checkpoints.shift();
    }
    return due;
  }

  /** Another timeline begins. */
  restart(): void {
    this.#checkpoints = [];
    this.#newest = undefined;
  }
}
