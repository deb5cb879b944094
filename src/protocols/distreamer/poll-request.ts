/**
 * Requests of the polling protocols, one a connection: `GET /list[/<password>]`, `GET /<n>[/<password>]` and the same
 * with `POST`.
 * @module
 */
import { type Header, responseHead } from '../http/head-writer.ts';
import { passwordInTarget, passwordSpellings } from './password-text.ts';

/** What a request is about: the list, or the fragment of that number. */
export type PollSubject = 'list' | number;

/** One request. */
export interface PollRequest {
  readonly method: 'GET' | 'POST';
  readonly subject: PollSubject;
  /** With POST. */
  readonly body?: Buffer;
}

/** The target of a request, taken apart. */
export interface PollTarget {
  /** Undefined when the path is about nothing that there is. */
  readonly subject: PollSubject | undefined;
  /** The first part of the path; not cleaned. */
  readonly name: string;
  /** What the password may mean; an empty one when none is given. */
  readonly passwords: readonly string[];
}

/** The most bytes of a body, by what it is. */
export const MAX_POLL_BYTES = { fragment: 8 * 2 ** 20, list: 4 * 2 ** 20 } as const;

const FRAGMENT_NUMBER = /^\d{1,15}$/;

/** Encodes a request, body included, with the headers of the original. `authority`: `host:port`. */
export function encodePollRequest(request: PollRequest, authority: string, password: string): Buffer {
  const { method, subject, body } = request;
  const target = password === '' ? `/${subject}` : `/${subject}/${passwordInTarget(password)}`;
  const length: Header[] = body ? [['Content-Length', String(body.length)]] : [];
  const type: Header[] = body ? [['Content-Type', 'application/x-www-form-urlencoded']] : [];
  const head = responseHead(`${method} ${target} HTTP/1.1`, [
    ['Accept-Encoding', 'identity'],
    ...length,
    ['Host', authority],
    ...type,
    ['Connection', 'close'],
    ['User-Agent', 'distream'],
  ]);
  return body ? Buffer.concat([head, body]) : head;
}

/** Takes a request target apart; one character a byte, as a head is read. All after the second slash is the password. */
export function parsePollTarget(target: string): PollTarget {
  const path = target.split('?', 1)[0]!;
  const slash = path.indexOf('/', 1);
  const name = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const passwords = passwordSpellings(slash < 0 ? '' : path.slice(slash + 1));
  return { subject: subjectOf(name), name, passwords };
}

function subjectOf(name: string): PollSubject | undefined {
  if (name === 'list') return name;
  return FRAGMENT_NUMBER.test(name) ? Number(name) : undefined;
}

/** The most bytes that the body about that may have. */
export function maxPollBytes(subject: PollSubject): number {
  return subject === 'list' ? MAX_POLL_BYTES.list : MAX_POLL_BYTES.fragment;
}
