/**
 * The server's side of one persistent pull client, without a socket: takes its bytes, says what to send next.
 * @module
 */
import { secretEquals } from '../../core/secret.ts';
import { responseHead } from '../http/head-writer.ts';
import { encodeMessage } from './message-codec.ts';
import { type PullRequest, PullRequestReader } from './pull-request.ts';
import type { WireFragment, WireStore } from './wire-store.ts';

/** What a session is given. */
export interface PullSessionOptions {
  readonly store: WireStore;
  /** Empty: only an empty password is right. */
  readonly password: string;
  /** For the statistics. */
  readonly clientCount: () => number;
}

/** `head`: its request is not whole; `feeding`: it is given the stream; `ending`: close once all is sent. */
export type PullSessionState = 'head' | 'feeding' | 'ending';

/** A list is only sent out of turn when the fragments before it are this many times its size. */
const LIST_SHARE = 16;
const MIN_BYTES_BETWEEN_LISTS = 64 * 1024;

const PASSWORD_INCORRECT = encodeMessage('err', Buffer.from('Password incorrect'));

/**
 * Every fragment that the client does not have, ascending, then one list: at once, at each `interval`, and as soon as
 * new fragments are `LIST_SHARE` times the size of the list that must follow them. A client that reads slowly gets lists
 * in between; it goes on where it was, and the list tells what is gone by then.
 *
 * A list always follows the fragments that it describes, as in the original: a receiver knows nothing of a fragment's
 * metadata before, so fragments are never sent without one.
 */
export class PullSession {
  readonly #options: PullSessionOptions;
  readonly #reader = new PullRequestReader();
  #state: PullSessionState = 'head';
  #answer: Buffer | undefined;
  #held = new Set<number>();
  #cursor = 0;
  /** The client had fragments of ours when it came. */
  #resumes = false;
  /** Between the first fragment of a turn and its list. */
  #inTurn = false;
  #bytesSinceList = 0;
  #lastSent: WireFragment | undefined;
  #oggHeader: Buffer | undefined;
  /** The password was wrong. */
  isRefused = false;
  /** Fragments that were evicted before this client took them. */
  evicted = 0;

  constructor(options: PullSessionOptions) {
    this.#options = options;
  }

  get state(): PullSessionState {
    return this.#state;
  }

  /** What the client sends. After its request it has nothing to say: more bytes are passed over. Throws ProtocolViolation. */
  receive(chunk: Buffer): void {
    if (this.#state !== 'head') return;
    const request = this.#reader.push(chunk);
    if (request) this.#begin(request);
  }

  /** Time for a list, and for all that waits. */
  interval(): void {
    this.#inTurn ||= this.#state === 'feeding';
  }

  /** The next bytes to send (shared by all clients, never written to), or undefined when nothing is due. */
  next(): Buffer | undefined {
    if (this.#answer) {
      const answer = this.#answer;
      this.#answer = undefined;
      return answer;
    }
    if (this.#state !== 'feeding') return undefined;
    const fragment = this.#nextFragment();
    this.#inTurn ||= fragment !== undefined && this.#isWorthAList();
    return this.#inTurn ? this.#nextInTurn(fragment) : undefined;
  }

  #begin(request: PullRequest): void {
    const { store, password, clientCount } = this.#options;
    if (request.kind === 'stats') this.#end(statsResponse(clientCount(), store.numbers));
    else if (!request.passwords.map((given) => secretEquals(given, password)).includes(true)) {
      this.isRefused = true;
      this.#end(PASSWORD_INCORRECT);
    } else {
      this.#state = 'feeding';
      this.#inTurn = true;
      this.#resume(request.held);
    }
  }

  #end(answer: Buffer): void {
    this.#answer = answer;
    this.#state = 'ending';
  }

  /** Goes on after the oldest number that is named. Numbers not given out yet are another server's: then none is ours. */
  #resume(held: readonly number[]): void {
    const { oldestNumber, nextNumber } = this.#options.store;
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
    const { store } = this.#options;
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
    const { store } = this.#options;
    const listBytes = store.listMessage(store.nextNumber - 1).length;
    let waiting = 0;
    for (let number = this.#cursor; number < store.nextNumber && waiting < listBytes * LIST_SHARE; number++) {
      waiting += store.get(number)?.message.length ?? 0;
    }
    return waiting >= listBytes * LIST_SHARE;
  }

  #nextInTurn(fragment: WireFragment | undefined): Buffer {
    if (fragment && this.#isListDue(fragment)) return this.#list(false);
    const oggHeader = fragment?.oggHeader ?? this.#oggHeader ?? this.#options.store.oggHeader;
    if (oggHeader !== this.#oggHeader) {
      this.#oggHeader = oggHeader;
      return oggHeader;
    }
    if (!fragment) return this.#list(true);
    this.#cursor++;
    this.#lastSent = fragment;
    this.#bytesSinceList += fragment.message.length;
    return fragment.message;
  }

  /** Before the fragments of another source run, and now and then in a long turn. */
  #isListDue(next: WireFragment): boolean {
    if (this.#bytesSinceList === 0) return false;
    if (this.#lastSent?.generation !== next.generation) return true;
    if (this.#bytesSinceList < MIN_BYTES_BETWEEN_LISTS) return false;
    return this.#bytesSinceList >= LIST_SHARE * this.#options.store.listMessage(this.#cursor - 1).length;
  }

  #list(endsTurn: boolean): Buffer {
    this.#bytesSinceList = 0;
    this.#inTurn = !endsTurn;
    return this.#options.store.listMessage(this.#cursor - 1);
  }
}

/** The statistics as the original spells them: an HTTP answer with JSON. */
function statsResponse(connectedClients: number, numbers: readonly number[]): Buffer {
  const body = Buffer.from(`{"fragmentsList": [${numbers.join(', ')}], "connectedClients": ${connectedClients}}`);
  const head = responseHead('HTTP/1.0 200 OK', [
    ['Server', 'distream'],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-cache'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Connection', 'close'],
  ]);
  return Buffer.concat([head, body]);
}
