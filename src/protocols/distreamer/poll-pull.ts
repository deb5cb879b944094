/**
 * One poll of a client that pulls, without a socket: asks for the list, then for each fragment that did not come yet.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { WholeResponse } from '../http/response-reader.ts';
import type { PollRequest } from './poll-request.ts';
import { decodeStoreList, type StoreList } from './store-list.ts';
import type { WireReader } from './wire-reader.ts';

/** What is passed on before the poll is over, so that memory stays small when much is new. */
const MAX_WAITING_BYTES = 4 * 2 ** 20;

/** Use it for one poll: `begin`, then `answer` until it gives no more requests; `abandon` when a request failed. */
export class PollPull {
  readonly #reader: WireReader;
  #list: StoreList | undefined;
  #tail: readonly number[] = [];
  #named: readonly number[] = [];
  #asked: number | undefined;
  /** Fragments that were named but gone when they were asked for. */
  gone = 0;

  /** `reader` is one with `oggHeaderIn: 'list'`, connected. */
  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /** The first request. */
  begin(): PollRequest {
    return { method: 'GET', subject: 'list' };
  }

  /** Takes the answer to the last request; gives the next request, or undefined when the poll is over. Throws ProtocolViolation. */
  answer(response: WholeResponse): PollRequest | undefined {
    if (this.#list) this.#takeFragment(response);
    else this.#takeList(response);
    this.#asked = this.#tail[0] ?? this.#named[0];
    if (this.#asked !== undefined) return { method: 'GET', subject: this.#asked };
    this.#describe();
    return undefined;
  }

  /** What came is passed on: the list that describes it is known. Throws ProtocolViolation. */
  abandon(): void {
    if (this.#reader.waitingBytes > 0) this.#describe();
  }

  #takeList({ status, body }: WholeResponse): void {
    if (status !== 200) throw new ProtocolViolation(`it answered ${status} instead of a list`);
    this.#list = decodeStoreList(body);
    const { tail, named } = this.#reader.missing(this.#list);
    this.#tail = tail;
    this.#named = named;
  }

  #takeFragment({ status, body }: WholeResponse): void {
    if (status !== 200 && status !== 404) throw new ProtocolViolation(`it answered ${status} instead of a fragment`);
    const isTail = this.#tail.length > 0;
    if (status === 200) this.#reader.push({ action: 'fragment', number: this.#asked!, data: body });
    else if (!isTail) this.gone++;
    if (!isTail) this.#named = this.#named.slice(1);
    else this.#tail = status === 200 ? this.#tail.slice(1) : [];
    if (this.#reader.waitingBytes > MAX_WAITING_BYTES) this.#describe();
  }

  #describe(): void {
    const list = this.#list;
    if (!list) return;
    // When it throws, the list is not told again.
    this.#list = undefined;
    this.#reader.describe(list);
    this.#list = list;
  }
}
