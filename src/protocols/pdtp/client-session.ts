import { ProtocolViolation } from '../../core/errors.ts';
import { isPeerAddress } from './address-text.ts';
import type { RangeSpec } from './byte-range.ts';
import { decodeServerMessage } from './decode-server-message.ts';
import type { Dialect } from './dialect.ts';
import { encodeClientMessage } from './encode-message.ts';
import { FrameReader } from './framing.ts';
import type {
  ClientMessage,
  CompletedMessage,
  HashVerifyMessage,
  MalformedMessage,
  NoticeMessage,
  ServerMessage,
  TellInfoMessage,
  TellVerifyMessage,
  TransferMessage,
  UnusableTransferMessage,
  VerifyQuestion,
} from './messages.ts';
import { Outbox } from './outbox.ts';
import { keyOf } from './transfer-key.ts';
import { Waiting } from './waiting.ts';

/** Orders that are not reported, and questions and reports without an answer: so many of each. */
const MAX_OPEN = 1024;

/** The answer to `askVerify`; `question` is the object that was handed in. */
export interface VerifiedEvent {
  readonly type: 'verified';
  readonly question: VerifyQuestion;
  readonly isAuthorized: boolean;
}

/** Something that the server said without reason; passed over. */
export interface IgnoredEvent {
  readonly type: 'ignored';
  readonly reason: string;
}

/** What the owner of a client's connection has to act on. */
export type ClientSessionEvent =
  | TellInfoMessage
  | TransferMessage
  | VerifiedEvent
  | HashVerifyMessage
  | NoticeMessage
  | IgnoredEvent;

export interface ClientSessionOptions {
  readonly dialect: Dialect;
  /** At most 4,095 bytes, no control characters; unique among the clients of a server. */
  readonly clientId: string;
  /** Where this client listens for peers; 0: nowhere. */
  readonly listenPort: number;
  /** Called for each message, from within `receive`; may call the methods that say something. */
  readonly onEvent: (event: ClientSessionEvent) => void;
}

/**
 * The side of a client, seed or peer of its connection with a server: says what it is told to and tells what the server
 * orders and answers. It registers at once: the first `takeOutput()` begins with that. After each call of a method the
 * owner sends `takeOutput()`; when `receive` throws, the connection ends.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #frames: FrameReader;
  readonly #outbox = new Outbox();
  readonly #orders = new Set<TransferMessage>();
  readonly #questions = new Waiting<VerifyQuestion>(MAX_OPEN);
  readonly #reports = new Waiting<CompletedMessage>(MAX_OPEN);
  #isClosed = false;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#frames = new FrameReader({ dialect: options.dialect });
    this.#say({ type: 'register', clientId: options.clientId, listenPort: options.listenPort });
  }

  /** True when the server has broken the protocol. A `protocol_error` alone does not close: the server does. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Orders that are not reported yet. */
  get openOrders(): number {
    return this.#orders.size;
  }

  /** Bytes kept of a message that is not whole. */
  get heldBytes(): number {
    return this.#frames.heldBytes;
  }

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.#outbox.pendingBytes;
  }

  /** Takes what is to be sent; empty when nothing is. */
  takeOutput(): Buffer {
    return this.#outbox.take();
  }

  /** Takes bytes of the server; after the end they are passed over. Throws ProtocolViolation when they end the connection. */
  receive(portion: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#frames.push(portion, (body) => {
        this.#take(decodeServerMessage(body));
        return !this.#isClosed;
      });
    } catch (error) {
      this.#isClosed = true;
      throw error;
    }
  }

  /** Asks for the size and chunk size of a file. */
  askInfo(url: string): void {
    this.#say({ type: 'ask_info', url });
  }

  /** Wants a range of a file, or all of it. */
  request(url: string, range?: RangeSpec): void {
    this.#say({ type: 'request', url, range });
  }

  /** No longer wants a range. Without one an original server does nothing, so it is always told: `{}` is all. */
  unrequest(url: string, range: RangeSpec): void {
    this.#say({ type: 'unrequest', url, range });
  }

  /** Gives a range of a file, or all of it. */
  provide(url: string, range?: RangeSpec): void {
    this.#say({ type: 'provide', url, range });
  }

  /** No longer gives a range; `{}` is all. */
  unprovide(url: string, range: RangeSpec): void {
    this.#say({ type: 'unprovide', url, range });
  }

  /**
   * Asks whether a peer that has connected here may have what it asks for; the answer comes as an event. Of more than
   * 1,024 open questions the oldest is given up, like by `dropQuestion`. Throws RangeError when `peer` is no address
   * without brackets and zone: a server would end the connection.
   */
  askVerify(question: VerifyQuestion): void {
    const { url, range, peer, peerId } = question;
    if (!isPeerAddress(peer)) throw new RangeError('the peer of a question must be an address');
    this.#questions.add(keyOf(url, range, peer, peerId), question);
    this.#say({ type: 'ask_verify', url, range, peer, peerId });
  }

  /** Gives up a question, as its peer has gone; an answer that comes is passed over. */
  dropQuestion(question: VerifyQuestion): void {
    this.#questions.drop(keyOf(question.url, question.range, question.peer, question.peerId), question);
  }

  /**
   * Reports an order that this side has carried out or given up: `hash` of what it took, undefined when that failed or
   * when it was a put. Throws RangeError when the order is not open.
   */
  reportOrder(order: TransferMessage, hash: string | undefined): void {
    if (!this.#orders.delete(order)) throw new RangeError('that order is not open');
    const { url, range, peerId, host, method } = order;
    this.#report({ type: 'completed', url, range, peerId, peer: host, hash }, method === 'get');
  }

  /** Reports what a peer that had connected here was given, or put here: then with the hash of it. */
  reportIncoming({ url, range, peer, peerId }: VerifyQuestion, hash?: string): void {
    this.#report({ type: 'completed', url, range, peerId, peer, hash }, hash !== undefined);
  }

  #report(report: CompletedMessage, isTaker: boolean): void {
    if (isTaker) this.#reports.add(keyOf(report.url, report.range), report);
    this.#say(report);
  }

  #take(message: ServerMessage | UnusableTransferMessage | MalformedMessage): void {
    switch (message.type) {
      case 'malformed':
        return this.#ignore(`"${message.command}": ${message.reason}`);
      case 'unusable_transfer':
        return this.#refuse(message);
      case 'transfer':
        if (this.#orders.size >= MAX_OPEN) throw new ProtocolViolation('too many open orders');
        this.#orders.add(message);
        return this.#options.onEvent(message);
      case 'tell_verify':
        return this.#answered(message);
      case 'hash_verify':
        if (!this.#reports.take(keyOf(message.url, message.range))) return this.#ignore('a hash that was not reported');
        return this.#options.onEvent(message);
      case 'protocol_error':
      case 'protocol_warn':
      case 'tell_info':
        return this.#options.onEvent(message);
    }
  }

  #refuse({ url, range, peerId, host, reason }: UnusableTransferMessage): void {
    this.#report({ type: 'completed', url, range, peerId, peer: host, hash: undefined }, true);
    this.#ignore(`an order: ${reason}`);
  }

  #answered({ url, range, peer, peerId, isAuthorized }: TellVerifyMessage): void {
    const question = this.#questions.take(keyOf(url, range, peer, peerId));
    if (!question) return this.#ignore('an answer to a question that is not open');
    this.#options.onEvent({ type: 'verified', question, isAuthorized });
  }

  #ignore(reason: string): void {
    this.#options.onEvent({ type: 'ignored', reason });
  }

  #say(message: ClientMessage): void {
    if (!this.#isClosed) this.#outbox.put(encodeClientMessage(message, this.#options.dialect));
  }
}
