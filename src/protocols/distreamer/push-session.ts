/**
 * The two ends of a persistent push, without sockets: each takes bytes and says what to send next.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { secretEquals } from '../../core/secret.ts';
import { PasswordLineReader } from '../shoutcast/source-login.ts';
import { FragmentFeed } from './fragment-feed.ts';
import { type Message, MessageDecoder } from './message-codec.ts';
import { encodePushAnswer, encodePushLogin, PUSH_REFUSED, PushAnswerReader } from './push-login.ts';
import type { WireStore } from './wire-store.ts';

/** The client: it connects and sends what a store holds, first what the other side does not have. */
export class PushSender {
  readonly #store: WireStore;
  readonly #answer = new PushAnswerReader();
  #login: Buffer | undefined;
  #feed: FragmentFeed | undefined;
  /** Why the other side does not let us in; cleaned text. The connection is of no use then. */
  refusal: string | undefined;

  constructor({ store, password }: { readonly store: WireStore; readonly password: string }) {
    this.#store = store;
    this.#login = encodePushLogin(password);
  }

  /** True once the other side takes fragments. */
  get isFeeding(): boolean {
    return this.#feed !== undefined;
  }

  /** Fragments that were evicted before the other side got them. */
  get evicted(): number {
    return this.#feed?.evicted ?? 0;
  }

  /** What the other side sends; after its answer it has nothing to say. Throws ProtocolViolation. */
  receive(chunk: Buffer): void {
    if (this.#feed || this.refusal !== undefined) return;
    const answer = this.#answer.push(chunk);
    if (answer?.kind === 'err') this.refusal = answer.reason;
    else if (answer) this.#feed = new FragmentFeed(this.#store, answer.held);
  }

  /** Time for a list, and for all that waits. */
  interval(): void {
    this.#feed?.interval();
  }

  /** The next bytes to send, or undefined when nothing is due. */
  next(): Buffer | undefined {
    const login = this.#login;
    this.#login = undefined;
    return login ?? this.#feed?.nextMessage();
  }
}

/** What the server's end of a push is given. */
export interface PushReceiverOptions {
  readonly password: string;
  /** Called when the password was right: the numbers of the fragments that are held, ascending. */
  readonly onLogin: () => readonly number[];
  readonly onMessage: (message: Message) => void;
}

/** The server: it lets a client in and takes its messages. */
export class PushReceiver {
  readonly #options: PushReceiverOptions;
  readonly #login = new PasswordLineReader();
  #decoder: MessageDecoder | undefined;
  #answer: Buffer | undefined;
  /** The password was wrong: close once the answer is sent. */
  isRefused = false;

  constructor(options: PushReceiverOptions) {
    this.#options = options;
  }

  /** True once the client was let in. */
  get isReceiving(): boolean {
    return this.#decoder !== undefined;
  }

  /** What the client sends. Throws ProtocolViolation, or what `onMessage` throws. */
  receive(chunk: Buffer): void {
    if (this.isRefused) return;
    if (this.#decoder) return this.#decoder.push(chunk, this.#options.onMessage);
    const line = this.#login.push(chunk);
    if (!line) return;
    if (secretEquals(line.password, this.#options.password)) this.#letIn(line.rest);
    else this.#refuse();
  }

  /** The answer to the password once, or undefined. */
  next(): Buffer | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }

  #letIn(rest: Buffer): void {
    this.#decoder = new MessageDecoder();
    this.#answer = encodePushAnswer(this.#options.onLogin());
    this.#decoder.push(rest, this.#options.onMessage);
  }

  #refuse(): void {
    this.isRefused = true;
    this.#answer = PUSH_REFUSED;
  }
}

/** The message, unless it is a refusal: a sender that says `err` ends its connection. Throws ProtocolViolation. */
export function withoutError(message: Message): Exclude<Message, { action: 'err' }> {
  if (message.action === 'err') throw new ProtocolViolation(`it said: ${message.text}`);
  return message;
}
