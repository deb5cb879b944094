import { type Clock, sleep } from '../core/clock.ts';
import type { SessionWriter } from '../modules/session.ts';

/** Bytes that are written before the pace is looked at again: 25 ms at 320 kbit/s, so that no jump is heard of. */
export const SLICE_BYTES = 1024;

/** The writer is let go on when it is less than this ahead, and until it is `FULL_AHEAD_MS` ahead. */
const REFILL_AHEAD_MS = 100;
const FULL_AHEAD_MS = 200;

/** Settings of a `Pacer`. */
export interface PacerOptions {
  readonly session: SessionWriter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How far ahead of real time the audio may be, in milliseconds, beside the small play of the pacer. */
  readonly leadMs: number;
  /** Time that is made up for by writing faster; a longer stall (the machine slept) moves the schedule. */
  readonly maxBehindMs: number;
}

/** Lets an input write no faster than its audio plays. */
export class Pacer {
  readonly #options: PacerOptions;
  /** Time by which the schedule was moved after stalls. */
  #movedMs = 0;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Resolves when the next bytes may be written, with false when the signal aborted. */
  async ready(): Promise<boolean> {
    const { clock, signal } = this.#options;
    const aheadMs = this.#aheadMs();
    if (aheadMs >= FULL_AHEAD_MS) await sleep(clock, aheadMs - REFILL_AHEAD_MS, signal);
    return !signal.aborted;
  }

  /** Writes `data` in slices at real time. Resolves with false when the signal aborted before its end. */
  async write(data: Buffer): Promise<boolean> {
    for (let at = 0; at < data.length; at += SLICE_BYTES) {
      if (!(await this.ready())) return false;
      this.#options.session.write(data.subarray(at, at + SLICE_BYTES));
    }
    return !this.#options.signal.aborted;
  }

  /** Resolves when all that was written has played, or at once when the signal aborts. */
  async drain(): Promise<void> {
    const { clock, signal, leadMs } = this.#options;
    const aheadMs = this.#aheadMs() + leadMs;
    if (aheadMs > 0) await sleep(clock, aheadMs, signal);
  }

  /** Audio written beyond what may be ahead. */
  #aheadMs(): number {
    const { session, leadMs, maxBehindMs } = this.#options;
    const aheadMs = session.aheadMs() - leadMs - this.#movedMs;
    if (aheadMs >= -maxBehindMs - leadMs) return aheadMs;
    this.#movedMs = session.aheadMs();
    return -leadMs;
  }
}
