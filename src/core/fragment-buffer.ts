import { endMediaTimeUs, type Fragment } from './fragment.ts';

/** How much a buffer keeps; the tighter bound wins. */
export interface BufferLimits {
  /** Newest audio kept, in milliseconds. */
  readonly keepMs: number;
  /** Newest audio kept, in bytes; a hard bound on memory. */
  readonly maxBytes: number;
}

/** Of a stream whose fragments are next to empty (its format changes all the time); a day of ordinary ones is more than this in bytes. */
const MAX_FRAGMENTS = 200_000;

/**
 * Holds the newest fragments of one stream in memory. Readers ask by sequence;
 * what was evicted is `undefined`, never silently skipped. The fragment that
 * reaches back to `keepMs` is kept whole.
 */
export class FragmentBuffer {
  readonly limits: BufferLimits;
  #fragments: Fragment[] = [];
  #head = 0; // index of the oldest in #fragments, so that eviction does not shift each time
  #bytes = 0;

  constructor(limits: BufferLimits) {
    this.limits = limits;
  }

  /** Adds the next fragment. Throws RangeError when its sequence does not follow the newest. */
  append(fragment: Fragment): void {
    const newest = this.newest;
    if (newest && fragment.sequence !== newest.sequence + 1) {
      throw new RangeError(`fragment ${fragment.sequence} after ${newest.sequence}`);
    }
    this.#fragments.push(fragment);
    this.#bytes += fragment.data.length;
    this.#evict();
  }

  /** The fragment of that sequence, or undefined when it was evicted or is not there yet. */
  get(sequence: number): Fragment | undefined {
    const oldest = this.oldest;
    if (!oldest || sequence < oldest.sequence) return undefined;
    return this.#fragments[this.#head + sequence - oldest.sequence];
  }

  get oldest(): Fragment | undefined {
    return this.#fragments[this.#head];
  }

  get newest(): Fragment | undefined {
    return this.#fragments.at(-1);
  }

  get count(): number {
    return this.#fragments.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Audio held, in milliseconds. */
  get heldMs(): number {
    const { oldest, newest } = this;
    return oldest && newest ? (endMediaTimeUs(newest) - oldest.mediaTimeUs) / 1000 : 0;
  }

  /** The newest fragment that starts at or before `mediaTimeUs`, else the oldest. */
  at(mediaTimeUs: number): Fragment | undefined {
    for (let index = this.#fragments.length - 1; index > this.#head; index--) {
      const fragment = this.#fragments[index]!;
      if (fragment.mediaTimeUs <= mediaTimeUs) return fragment;
    }
    return this.oldest;
  }

  /** All fragments from `sequence` on (from the oldest kept when that was evicted), oldest first. */
  *from(sequence: number): Generator<Fragment> {
    const oldest = this.oldest;
    if (!oldest) return;
    const start = Math.max(0, sequence - oldest.sequence);
    for (let index = this.#head + start; index < this.#fragments.length; index++) yield this.#fragments[index]!;
  }

  #evict(): void {
    const keepUs = this.limits.keepMs * 1000;
    const endUs = endMediaTimeUs(this.newest!);
    while (this.count > 1) {
      const second = this.#fragments[this.#head + 1]!;
      const isWithin = this.#bytes <= this.limits.maxBytes && this.count <= MAX_FRAGMENTS;
      if (isWithin && endUs - second.mediaTimeUs < keepUs) break;
      this.#bytes -= this.#fragments[this.#head]!.data.length;
      this.#head++;
    }
    if (this.#head > 64 && this.#head * 2 > this.#fragments.length) {
      this.#fragments = this.#fragments.slice(this.#head);
      this.#head = 0;
    }
  }
}
