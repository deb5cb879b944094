/**
 * What a sender of fragments says and when, the same for all four protocols: every fragment that the receiver does not
 * have, ascending, then one list: at once, at each `interval`, and as soon as new fragments are `LIST_SHARE` times the
 * size of the list that must follow them. A receiver that takes slowly gets lists in between; it goes on where it was,
 * and the list tells what is gone by then.
 *
 * A list always follows the fragments that it describes, as in the original: a receiver knows nothing of a fragment's
 * metadata before, so fragments are never sent without one.
 * @module
 */
import type { WireFragment, WireStore } from './wire-store.ts';

/** The next thing to send. */
export type FeedStep =
  | { readonly kind: 'fragment'; readonly fragment: WireFragment }
  /** The list for a receiver that was given all up to that number. */
  | { readonly kind: 'list'; readonly upTo: number }
  /** The Ogg header pages changed; a whole message. */
  | { readonly kind: 'oggheader'; readonly message: Buffer };

/** A list is only sent out of turn when the fragments before it are this many times its size. */
const LIST_SHARE = 16;
const MIN_BYTES_BETWEEN_LISTS = 64 * 1024;

/** Feeds one receiver from a store. The first turn is due at once. */
export class FragmentFeed {
  readonly #store: WireStore;
  readonly #held = new Set<number>();
  #cursor = 0;
  /** The receiver had fragments of ours when it came. */
  #resumes = false;
  /** Between the first fragment of a turn and its list. */
  #inTurn = true;
  #bytesSinceList = 0;
  #lastSent: WireFragment | undefined;
  #oggHeader: Buffer | undefined;
  /** Fragments that were evicted before this receiver took them. */
  evicted = 0;

  /** `held`: numbers that the receiver names. Ones not given out yet are another sender's: then none is ours. */
  constructor(store: WireStore, held: readonly number[]) {
    this.#store = store;
    this.#resume(held);
  }

  /** Time for a list, and for all that waits. */
  interval(): void {
    this.#inTurn = true;
  }

  /** What to send next, or undefined when nothing is due. */
  next(): FeedStep | undefined {
    const fragment = this.#nextFragment();
    this.#inTurn ||= fragment !== undefined && this.#isWorthAList();
    return this.#inTurn ? this.#nextInTurn(fragment) : undefined;
  }

  /** As `next`, as a message of the persistent protocols: shared by all receivers, never written to. */
  nextMessage(): Buffer | undefined {
    const step = this.next();
    if (!step) return undefined;
    if (step.kind === 'list') return this.#store.listMessage(step.upTo);
    return step.kind === 'fragment' ? step.fragment.message : step.message;
  }

  /** Goes on after the oldest number that is named. */
  #resume(held: readonly number[]): void {
    const { oldestNumber, nextNumber } = this.#store;
    this.#cursor = oldestNumber;
    if (held.length === 0 || held.some((number) => number >= nextNumber)) return;
    this.#resumes = true;
    for (const number of held) if (number >= oldestNumber) this.#held.add(number);
    const oldestHeld = held.reduce((least, number) => Math.min(least, number));
    const newestHeld = held.reduce((most, number) => Math.max(most, number));
    this.evicted = Math.max(0, oldestNumber - 1 - newestHeld);
    this.#cursor = Math.max(oldestNumber, oldestHeld);
  }

  #nextFragment(): WireFragment | undefined {
    const store = this.#store;
    if (this.#cursor < store.oldestNumber) {
      if (this.#resumes || this.#lastSent) this.#countEvicted(store.oldestNumber);
      this.#cursor = store.oldestNumber;
    }
    while (this.#held.has(this.#cursor) && this.#cursor < store.nextNumber) this.#cursor++;
    return store.get(this.#cursor);
  }

  #countEvicted(oldest: number): void {
    for (let number = this.#cursor; number < oldest; number++) if (!this.#held.has(number)) this.evicted++;
  }

  #isWorthAList(): boolean {
    const store = this.#store;
    const listBytes = store.listMessage(store.nextNumber - 1).length;
    let waiting = 0;
    for (let number = this.#cursor; number < store.nextNumber && waiting < listBytes * LIST_SHARE; number++) {
      waiting += store.get(number)?.message.length ?? 0;
    }
    return waiting >= listBytes * LIST_SHARE;
  }

  #nextInTurn(fragment: WireFragment | undefined): FeedStep {
    if (fragment && this.#isListDue(fragment)) return this.#list(false);
    const oggHeader = fragment?.oggHeader ?? this.#oggHeader ?? this.#store.oggHeader;
    if (oggHeader !== this.#oggHeader) {
      this.#oggHeader = oggHeader;
      return { kind: 'oggheader', message: oggHeader };
    }
    if (!fragment) return this.#list(true);
    this.#cursor++;
    this.#lastSent = fragment;
    this.#bytesSinceList += fragment.message.length;
    return { kind: 'fragment', fragment };
  }

  /** Before the fragments of another source run, and now and then in a long turn. */
  #isListDue(next: WireFragment): boolean {
    if (this.#bytesSinceList === 0) return false;
    if (this.#lastSent?.generation !== next.generation) return true;
    if (this.#bytesSinceList < MIN_BYTES_BETWEEN_LISTS) return false;
    return this.#bytesSinceList >= LIST_SHARE * this.#store.listMessage(this.#cursor - 1).length;
  }

  #list(endsTurn: boolean): FeedStep {
    this.#bytesSinceList = 0;
    this.#inTurn = !endsTurn;
    return { kind: 'list', upTo: this.#cursor - 1 };
  }
}
