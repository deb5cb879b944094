/** Copies from this number on share classes, four to each doubling. */
const EXACT = 16;
/** Enough for two million copies. */
export const RARITY_CLASSES = EXACT + 4 * 18;
const NO_CLASS = 255;

/**
 * Chunks sorted by how many copies they have, as one bitset a class. Changing a chunk's copies costs the same for any
 * number of chunks, and who looks for the rarest chunk that a peer holds reads a few words.
 * Slots are places in the window, from 0; a slot is in no class until it is `open`.
 */
export class RarityClasses {
  /** Words of 32 slots in each class. */
  readonly words: number;
  /** Copies of each slot, those on their way included. */
  readonly copies: Uint32Array;
  /** Bit sets, class after class, `words` each. */
  readonly bits: Uint32Array;
  /** Slots in each class. */
  readonly counts = new Uint32Array(RARITY_CLASSES);
  readonly #classOf: Uint8Array;

  /** @param slots places in the window, a multiple of 32 */
  constructor(slots: number) {
    this.words = slots >>> 5;
    this.copies = new Uint32Array(slots);
    this.bits = new Uint32Array(this.words * RARITY_CLASSES);
    this.#classOf = new Uint8Array(slots).fill(NO_CLASS);
  }

  /** The slot holds a new chunk, without copies. */
  open(slot: number): void {
    this.close(slot);
    this.copies[slot] = 0;
    this.#enter(slot, 0);
  }

  /** The slot's chunk has left the window. */
  close(slot: number): void {
    if (this.#classOf[slot] !== NO_CLASS) this.#leave(slot);
    this.copies[slot] = 0;
  }

  /** A copy more (1) or less (-1) of a slot that is open. */
  add(slot: number, change: 1 | -1): void {
    const copies = this.copies[slot]! + change;
    this.copies[slot] = copies;
    const rarity = classOfCopies(copies);
    if (rarity === this.#classOf[slot] || this.#classOf[slot] === NO_CLASS) return;
    this.#leave(slot);
    this.#enter(slot, rarity);
  }

  #enter(slot: number, rarity: number): void {
    const word = rarity * this.words + (slot >>> 5);
    this.bits[word] = this.bits[word]! | (1 << (slot & 31));
    this.counts[rarity] = this.counts[rarity]! + 1;
    this.#classOf[slot] = rarity;
  }

  #leave(slot: number): void {
    const rarity = this.#classOf[slot]!;
    const word = rarity * this.words + (slot >>> 5);
    this.bits[word] = this.bits[word]! & ~(1 << (slot & 31));
    this.counts[rarity] = this.counts[rarity]! - 1;
    this.#classOf[slot] = NO_CLASS;
  }
}

/** The class of so many copies; more copies are never in a lower class. */
export function classOfCopies(copies: number): number {
  if (copies < EXACT) return copies;
  const power = 31 - Math.clz32(copies);
  const quarter = (copies >>> (power - 2)) & 3;
  return Math.min(RARITY_CLASSES - 1, EXACT + (power - 4) * 4 + quarter);
}
