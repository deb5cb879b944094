/**
 * One poll of a client that pushes, without a socket: asks what the server holds, posts what it does not, then the list.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { WholeResponse } from '../http/response-reader.ts';
import { FragmentFeed } from './fragment-feed.ts';
import type { PollRequest } from './poll-request.ts';
import { decodeStoreList } from './store-list.ts';
import type { WireFragment, WireStore } from './wire-store.ts';

/** Use it for one poll: `begin`, then `answer` until it gives no more requests. */
export class PollPush {
  readonly #store: WireStore;
  #feed: FragmentFeed | undefined;
  /** Highest number that the server has; undefined when it has none. */
  #highest: number | undefined;
  /** Fragments that were given out to be posted. */
  posted = 0;
  /** Waits for the list that goes before it. */
  #waiting: WireFragment | undefined;

  constructor(store: WireStore) {
    this.#store = store;
  }

  /** Fragments that were evicted before the server got them. */
  get evicted(): number {
    return this.#feed?.evicted ?? 0;
  }

  /** The first request. */
  begin(): PollRequest {
    return { method: 'GET', subject: 'list' };
  }

  /** Takes the answer to the last request; gives the next request, or undefined when the poll is over. Throws ProtocolViolation. */
  answer({ status, body }: WholeResponse): PollRequest | undefined {
    if (status !== 200) throw new ProtocolViolation(`it answered ${status}`);
    if (!this.#feed) this.#takeHeld(decodeStoreList(body).fragments);
    return this.#next(this.#feed!);
  }

  #takeHeld(held: readonly number[]): void {
    this.#feed = new FragmentFeed(this.#store, held);
    this.#highest = held.at(-1);
  }

  #next(feed: FragmentFeed): PollRequest | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) return this.#post(waiting);
    let step = feed.next();
    if (step?.kind === 'oggheader') step = feed.next();
    if (step?.kind === 'list') return this.#list(step.upTo);
    if (step?.kind !== 'fragment') return undefined;
    if (this.#follows(step.fragment)) return this.#post(step.fragment);
    this.#waiting = step.fragment;
    return this.#list(this.#lastOfRun(step.fragment));
  }

  /** False when only a list tells the server to drop what it has, before that fragment comes. */
  #follows({ number }: WireFragment): boolean {
    const highest = this.#highest;
    return highest === undefined || (number <= highest + 1 && highest < this.#store.nextNumber);
  }

  #post({ number, data }: WireFragment): PollRequest {
    this.posted++;
    const { nextNumber } = this.#store;
    const isOurs = this.#highest !== undefined && this.#highest < nextNumber;
    this.#highest = isOurs ? Math.max(number, this.#highest!) : number;
    return { method: 'POST', subject: number, body: data };
  }

  /** Number of the last fragment of the same source run. */
  #lastOfRun({ number, generation }: WireFragment): number {
    let last = this.#store.nextNumber - 1;
    while (last > number && this.#store.get(last)?.generation !== generation) last--;
    return last;
  }

  #list(upTo: number): PollRequest {
    return { method: 'POST', subject: 'list', body: this.#store.pollList(upTo) };
  }
}
