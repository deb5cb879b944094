/** How many packets back a duplicate is known as one: 65 s at 1 ms, 8 s at 125 us. */
const WINDOW_PACKETS = 2 ** 16;

/** How far before the first packet another may come and still count as one of the run. */
const MAX_MISORDER_PACKETS = 100;

/** What a sequence number was when it came. */
export type SequenceVerdict =
  /** Higher than all before. */
  | 'next'
  /** Lower than the highest, for the first time. */
  | 'reordered'
  | 'duplicate'
  /** So far back that nobody remembers whether it came; not counted. */
  | 'forgotten';

/**
 * Which extended sequence numbers came (RFC 3550 A.1, A.3), as one bit each for the last 65,536. Counts each packet
 * once, so that `lost` is exact while RFC 3550's own number falls with every duplicate.
 */
export class SequenceWindow {
  readonly #came = new Uint32Array(WINDOW_PACKETS / 32);
  #base = 0;
  #highest = -1;
  #expectedBefore = 0;
  #received = 0;

  /** The highest extended sequence number. */
  get highest(): number {
    return this.#highest;
  }

  /** How many numbers there are between the first and the highest, of all runs. */
  get expected(): number {
    return this.#expectedBefore + this.#highest - this.#base + 1;
  }

  /** How many of them came, each counted once. */
  get received(): number {
    return this.#received;
  }

  /** How many of them did not come, or not yet. */
  get lost(): number {
    return this.expected - this.#received;
  }

  /** Begins a new run of numbers; `sequence` is its first one and is not counted before `add`. */
  restart(sequence: number): void {
    this.#expectedBefore = this.expected;
    this.#base = sequence;
    this.#highest = sequence - 1;
    this.#came.fill(0);
  }

  /** Notes that a packet came. */
  add(sequence: number): SequenceVerdict {
    if (sequence > this.#highest) {
      this.#open(sequence);
      this.#mark(sequence);
      return 'next';
    }
    if (sequence <= this.#highest - WINDOW_PACKETS || sequence < this.#base - MAX_MISORDER_PACKETS) return 'forgotten';
    if (this.#has(sequence)) return 'duplicate';
    if (sequence < this.#base) this.#base = sequence;
    this.#mark(sequence);
    return 'reordered';
  }

  /** The numbers from `from` on that did not come, ascending, at most `limit`; what is forgotten is left out. */
  missing(from: number, limit: number): number[] {
    const missing: number[] = [];
    let sequence = Math.max(from, this.#base, this.#highest - WINDOW_PACKETS + 1);
    while (sequence <= this.#highest && missing.length < limit) {
      if ((sequence & 31) === 0 && this.#came[(sequence & 0xffff) >>> 5] === 0xffff_ffff) sequence += 32;
      else {
        if (!this.#has(sequence)) missing.push(sequence);
        sequence++;
      }
    }
    return missing;
  }

  // Forgets what stood in the places of the numbers up to `sequence`, which becomes the highest.
  #open(sequence: number): void {
    if (sequence - this.#highest >= WINDOW_PACKETS) this.#came.fill(0);
    else for (let each = this.#highest + 1; each <= sequence; each++) this.#clear(each);
    this.#highest = sequence;
  }

  #mark(sequence: number): void {
    const place = sequence & 0xffff;
    this.#came[place >>> 5]! |= 1 << (place & 31);
    this.#received++;
  }

  #clear(sequence: number): void {
    const place = sequence & 0xffff;
    this.#came[place >>> 5]! &= ~(1 << (place & 31));
  }

  #has(sequence: number): boolean {
    const place = sequence & 0xffff;
    return ((this.#came[place >>> 5]! >>> (place & 31)) & 1) === 1;
  }
}
