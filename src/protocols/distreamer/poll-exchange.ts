/**
 * The server's side of one request of the polling protocols, without a socket.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { HeadError } from '../http/head-error.ts';
import { HeadReader, type ReadHead } from '../http/head-reader.ts';
import { responseHead } from '../http/head-writer.ts';
import { MessageBody } from '../http/message-body.ts';
import { isPassword } from './password-text.ts';
import { maxPollBytes, type PollSubject, parsePollTarget } from './poll-request.ts';

/** What a server of the polling protocols offers. */
export interface PollService {
  /** Empty: only an empty password is right. */
  readonly password: string;
  /** The JSON of the list. */
  list(): Buffer;
  /** The bytes of a fragment, or undefined when it is not held. */
  fragment(number: number): Buffer | undefined;
  /** Takes what was posted; without this nothing may be. Throws ProtocolViolation, which is answered with 400. */
  take?(subject: PollSubject, body: Buffer): void;
}

/** How a request ended. */
export type PollOutcome = 'served' | 'not-found' | 'password-refused' | 'refused';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  411: 'Length Required',
  413: 'Content Too Large',
};

/** One request: fed its bytes, it gives the answer, after which the connection closes. */
export class PollExchange {
  readonly #service: PollService;
  readonly #head = new HeadReader({ rawTarget: true });
  #body: MessageBody | undefined;
  #subject: PollSubject = 'list';
  /** Undefined while there is no answer. */
  outcome: PollOutcome | undefined;

  constructor(service: PollService) {
    this.#service = service;
  }

  /** True once the head is read: only who knows the password comes so far without an answer. */
  get hasHead(): boolean {
    return this.outcome !== undefined || this.#body !== undefined;
  }

  /** Takes the next bytes; gives the answer in parts once there is one. What comes after it is passed over. */
  receive(chunk: Buffer): readonly Buffer[] | undefined {
    if (this.outcome) return undefined;
    try {
      if (this.#body) return this.#receiveBody(this.#body, chunk);
      const read = this.#head.push(chunk);
      return read && this.#begin(read);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      return this.#refuse(error instanceof HeadError ? error.status : 400, error.message);
    }
  }

  #begin({ head, rest }: ReadHead): readonly Buffer[] | undefined {
    const { subject, name, passwords } = parsePollTarget(head.target);
    if (!isPassword(passwords, this.#service.password)) {
      return this.#end('password-refused', 403, Buffer.from('Invalid password'));
    }
    if (head.method === 'GET') return this.#give(subject, name);
    if (head.method !== 'POST' || !this.#service.take) return this.#refuse(405, 'Invalid method');
    if (subject === undefined) return this.#notFound(name);
    const length = head.headers.get('content-length');
    if (length === undefined) return this.#refuse(411, 'Content-Length is missing');
    if (Number(length) > maxPollBytes(subject)) return this.#refuse(413, 'Too long');
    this.#subject = subject;
    this.#body = new MessageBody({ length: Number(length), maxBytes: maxPollBytes(subject) });
    return this.#receiveBody(this.#body, rest);
  }

  #receiveBody(body: MessageBody, chunk: Buffer): readonly Buffer[] | undefined {
    body.push(chunk);
    if (!body.isWhole) return undefined;
    this.#service.take!(this.#subject, body.bytes);
    return this.#end('served', 200, Buffer.from('OK'));
  }

  #give(subject: PollSubject | undefined, name: string): readonly Buffer[] {
    const { list, fragment } = this.#service;
    if (subject === 'list') return this.#end('served', 200, list.call(this.#service));
    const bytes = subject === undefined ? undefined : fragment.call(this.#service, subject);
    return bytes ? this.#end('served', 200, bytes) : this.#notFound(name);
  }

  #notFound(name: string): readonly Buffer[] {
    return this.#end('not-found', 404, Buffer.from(`Invalid fragment ${cleanText(name, 40)}`));
  }

  #refuse(status: number, reason: string): readonly Buffer[] {
    return this.#end('refused', status, Buffer.from(reason));
  }

  #end(outcome: PollOutcome, status: number, body: Buffer): readonly Buffer[] {
    this.outcome = outcome;
    const head = responseHead(`HTTP/1.0 ${status} ${REASONS[status] ?? 'Error'}`, [
      ['Server', 'distream'],
      ['Content-Type', 'text/plain'],
      ['Content-Length', String(body.length)],
      ['Cache-Control', 'no-store'],
      ['X-Content-Type-Options', 'nosniff'],
      ['Connection', 'close'],
    ]);
    return [head, body];
  }
}
