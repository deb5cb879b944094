import { ProtocolViolation } from '../../core/errors.ts';
import { type RangeSpec, rangeText } from './byte-range.ts';
import { decodeClientMessage } from './decode-client-message.ts';
import type { Dialect } from './dialect.ts';
import { encodeServerMessage } from './encode-message.ts';
import { FrameReader } from './framing.ts';
import type {
  AskInfoMessage,
  AskVerifyMessage,
  ClientMessage,
  CompletedMessage,
  FileInfo,
  MalformedMessage,
  RangeMessage,
  RegisterMessage,
  ServerMessage,
  TransferMessage,
} from './messages.ts';
import { Outbox } from './outbox.ts';
import { transferPairText } from './transfer-key.ts';

/** Questions of a client that may wait for their answer at the same time. */
const MAX_OPEN_QUESTIONS = 1024;
/** So many messages that say nothing are warned of; the next one closes. */
const MAX_MALFORMED = 100;

/** The client has registered, or has changed its id. */
export interface RegisteredEvent extends RegisterMessage {
  /** The id that it had before on this connection. */
  readonly previousId: string | undefined;
}

/** What the owner of a server's connection has to act on. */
export type ServerSessionEvent = RegisteredEvent | AskInfoMessage | RangeMessage | AskVerifyMessage | CompletedMessage;

export interface ServerSessionOptions {
  /** Takes the id for this client; false when another one has it. Releasing ids of ended connections is the owner's. */
  readonly claimId: (clientId: string) => boolean;
  /** Called for each message, from within `receive`; may call the methods that say something, and `fail`. */
  readonly onEvent: (event: ServerSessionEvent) => void;
  /** The most bytes of a message of the client; 65,535 without it. */
  readonly maxMessageBytes?: number;
}

/**
 * The server's side of one connection with a client, seed or peer: fed bytes, it tells what the client wants and says
 * what it is told to, in the dialect that the client chose. After each call of a method the owner sends `takeOutput()`.
 * When `receive` throws, or after `fail`, what waits is still to be sent (the reason is in it), then the connection
 * ends.
 */
export class ServerSession {
  readonly #options: ServerSessionOptions;
  readonly #frames: FrameReader;
  readonly #outbox = new Outbox();
  readonly #openQuestions = new Set<AskVerifyMessage>();
  #clientId: string | undefined;
  #isClosed = false;
  #malformed = 0;

  constructor(options: ServerSessionOptions) {
    this.#options = options;
    this.#frames = new FrameReader(options.maxMessageBytes === undefined ? {} : { maxBytes: options.maxMessageBytes });
  }

  /** The dialect of the client, once it has said something. */
  get dialect(): Dialect | undefined {
    return this.#frames.dialect;
  }

  /** The client's id, once it has registered. */
  get clientId(): string | undefined {
    return this.#clientId;
  }

  /** True when the connection is to end. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Messages that were passed over with a warning. */
  get malformedMessages(): number {
    return this.#malformed;
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

  /** Takes bytes of the client; after the end they are passed over. Throws ProtocolViolation when they end the connection. */
  receive(portion: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#frames.push(portion, (body) => {
        this.#take(decodeClientMessage(body));
        return !this.#isClosed;
      });
    } catch (error) {
      if (error instanceof ProtocolViolation) this.fail(error.message);
      throw error;
    }
  }

  /** Says what is known of a file, under the URL that the client used. */
  tellInfo(url: string, file: FileInfo | undefined, error?: string): void {
    this.#say({ type: 'tell_info', url, file, error });
  }

  /** Orders a transfer. Throws RangeError for `put` in dialect 1. */
  order(transfer: Omit<TransferMessage, 'type'>): void {
    this.#say({ ...transfer, type: 'transfer' });
  }

  /** Answers a question of this session. Each is answered once: the original's client ends when it is told unasked. Throws RangeError for another. */
  tellVerify(question: AskVerifyMessage, isAuthorized: boolean): void {
    if (!this.#openQuestions.delete(question)) throw new RangeError('that question is not open');
    const { url, range, peer, peerId } = question;
    this.#say({ type: 'tell_verify', url, range, peer, peerId, isAuthorized });
  }

  /** Answers a taker's `completed`. */
  tellHash({ url, range }: { readonly url: string; readonly range: RangeSpec }, isHashOk: boolean): void {
    this.#say({ type: 'hash_verify', url, range, isHashOk });
  }

  /** Warns that a file is not there, in the words of the original. */
  warnUnknownUrl(url: string): void {
    this.warn(`Requested URL: '${url}' not found`);
  }

  /** Warns that a `completed` belongs to no transfer, in the words of the original. */
  warnUnknownTransfer({ peerId, url, range }: CompletedMessage): void {
    const pair = transferPairText(this.#clientId ?? '', peerId);
    this.warn(`You sent me a transfer completed message for unknown transfer: ${pair}$${url}$${rangeText(range)}`);
  }

  /** Says something for people; the connection goes on. */
  warn(message: string): void {
    this.#say({ type: 'protocol_warn', message });
  }

  /** Says why the connection ends. Nothing is said or heard after it. */
  fail(reason: string): void {
    if (this.#isClosed) return;
    if (this.dialect !== undefined) this.#say({ type: 'protocol_error', message: reason });
    this.#isClosed = true;
    this.#openQuestions.clear();
  }

  #take(message: ClientMessage | MalformedMessage): void {
    if (message.type === 'register') return this.#register(message);
    if (this.#clientId === undefined) {
      throw new ProtocolViolation(`"${message.type}" before ${this.dialect === 1 ? 'client_info' : 'register'}`);
    }
    switch (message.type) {
      case 'malformed':
        return this.#passOver(message);
      case 'protocol_error':
      case 'protocol_warn':
        return;
      case 'ask_verify':
        if (this.#openQuestions.size >= MAX_OPEN_QUESTIONS) throw new ProtocolViolation('too many open questions');
        this.#openQuestions.add(message);
    }
    this.#options.onEvent(message);
  }

  #register(message: RegisterMessage): void {
    const previousId = this.#clientId;
    if (message.clientId === previousId || !this.#options.claimId(message.clientId)) {
      throw new ProtocolViolation('that client id is in use');
    }
    this.#clientId = message.clientId;
    this.#options.onEvent({ ...message, previousId });
  }

  #passOver({ command, reason }: MalformedMessage): void {
    if (++this.#malformed > MAX_MALFORMED) throw new ProtocolViolation('too many messages that say nothing');
    this.warn(`Your "${command}" was passed over: ${reason}`);
  }

  #say(message: ServerMessage): void {
    if (this.#isClosed) return;
    this.#outbox.put(encodeServerMessage(message, this.#dialectToSay()));
  }

  #dialectToSay(): Dialect {
    if (this.dialect === undefined) throw new RangeError('nothing can be said before the client has spoken');
    return this.dialect;
  }
}
