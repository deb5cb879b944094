/**
 * The server's side of one persistent pull client, without a socket: takes its bytes, says what to send next.
 * @module
 */
import { responseHead } from '../http/head-writer.ts';
import { FragmentFeed } from './fragment-feed.ts';
import { encodeMessage } from './message-codec.ts';
import { isPassword } from './password-text.ts';
import { type PullRequest, PullRequestReader } from './pull-request.ts';
import type { WireStore } from './wire-store.ts';

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

const PASSWORD_INCORRECT = encodeMessage('err', Buffer.from('Password incorrect'));

/** One client: a request, then what its `FragmentFeed` says. */
export class PullSession {
  readonly #options: PullSessionOptions;
  readonly #reader = new PullRequestReader();
  #feed: FragmentFeed | undefined;
  #answer: Buffer | undefined;
  #isEnding = false;
  /** The password was wrong. */
  isRefused = false;

  constructor(options: PullSessionOptions) {
    this.#options = options;
  }

  get state(): PullSessionState {
    if (this.#feed) return 'feeding';
    return this.#isEnding ? 'ending' : 'head';
  }

  /** Fragments that were evicted before this client took them. */
  get evicted(): number {
    return this.#feed?.evicted ?? 0;
  }

  /** What the client sends. After its request it has nothing to say: more bytes are passed over. Throws ProtocolViolation. */
  receive(chunk: Buffer): void {
    if (this.state !== 'head') return;
    const request = this.#reader.push(chunk);
    if (request) this.#begin(request);
  }

  /** Time for a list, and for all that waits. */
  interval(): void {
    this.#feed?.interval();
  }

  /** The next bytes to send (shared by all clients, never written to), or undefined when nothing is due. */
  next(): Buffer | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer ?? this.#feed?.nextMessage();
  }

  #begin(request: PullRequest): void {
    const { store, password, clientCount } = this.#options;
    if (request.kind === 'stats') this.#end(statsResponse(clientCount(), store.numbers));
    else if (isPassword(request.passwords, password)) this.#feed = new FragmentFeed(store, request.held);
    else {
      this.isRefused = true;
      this.#end(PASSWORD_INCORRECT);
    }
  }

  #end(answer: Buffer): void {
    this.#answer = answer;
    this.#isEnding = true;
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
