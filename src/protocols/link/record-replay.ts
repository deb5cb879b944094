/** How many numbers below the highest are still told apart; what is older counts as seen. */
export const REPLAY_WINDOW_RECORDS = 65_536;

const WORD_BITS = 32;
// One word more than the window, so that the word of the highest number can be partly filled (RFC 6479).
const WORDS = REPLAY_WINDOW_RECORDS / WORD_BITS + 1;

/** Whether a number may be taken. */
export type ReplayVerdict = 'new' | 'old' | 'duplicate';

/**
 * Remembers which numbers were taken: a sliding bitmap of 65,536 numbers in 8 KiB (RFC 6479). Ask before a record is
 * opened, add only after it proved genuine.
 */
export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS);
  #highest = -1;

  /** The highest number that was added; -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** What `number`, a whole number from 0, would be. Changes nothing. */
  verdict(number: number): ReplayVerdict {
    if (number > this.#highest) return 'new';
    if (number <= this.#highest - REPLAY_WINDOW_RECORDS) return 'old';
    const word = this.#words[Math.floor(number / WORD_BITS) % WORDS]!;
    return (word >>> (number % WORD_BITS)) & 1 ? 'duplicate' : 'new';
  }

  /** Notes a number that `verdict` calls new. */
  add(number: number): void {
    if (number > this.#highest) this.#slideTo(number);
    const index = Math.floor(number / WORD_BITS) % WORDS;
    this.#words[index]! |= 1 << (number % WORD_BITS);
  }

  #slideTo(number: number): void {
    const from = Math.floor(this.#highest / WORD_BITS);
    const steps = Math.min(Math.floor(number / WORD_BITS) - from, WORDS);
    for (let step = 1; step <= steps; step++) this.#words[(from + step) % WORDS] = 0;
    this.#highest = number;
  }
}
