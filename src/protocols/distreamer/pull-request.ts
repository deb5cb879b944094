/**
 * What a persistent pull client asks: `GET /<password>/<n>/<n>/... HTTP/1.1` and an empty line,
 * each n a fragment that it holds. `/stats` and `/favicon.ico` ask for the statistics.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { HeadLines } from '../http/head-lines.ts';
import { passwordInTarget, passwordSpellings } from './password-text.ts';

/** A request, taken apart. */
export type PullRequest =
  | {
      readonly kind: 'pull';
      /** As sent, and percent-decoded where that is something else: the right one may be either. */
      readonly passwords: readonly string[];
      /** Numbers of the fragments that the client holds. */
      readonly held: readonly number[];
    }
  | { readonly kind: 'stats' };

/** The most numbers that a client names: the newest ones. */
export const MAX_HELD_NUMBERS = 4096;

const MAX_HEAD_BYTES = 128 * 1024;
const REQUEST_LINE = /^GET ([^ ]+) HTTP\/\d\.\d$/;
const FRAGMENT_NUMBER = /^\d{1,15}$/;

/** Encodes a request; of `held` the newest 4,096 are named. */
export function encodePullRequest(password: string, held: readonly number[]): Buffer {
  const path = ['', passwordInTarget(password), ...held.slice(-MAX_HELD_NUMBERS)].join('/');
  return Buffer.from(`GET ${held.length > 0 ? path : `${path}/`} HTTP/1.1\r\n\r\n`, 'utf8');
}

/** Reads one request head, fed in any portions: at most 128 KiB. Headers are passed over. */
export class PullRequestReader {
  #requestLine: string | undefined;
  readonly #lines = new HeadLines({
    maxBytes: MAX_HEAD_BYTES,
    leadingBlankLines: 2,
    strict: true,
    onLine: (line) => {
      this.#requestLine ??= line;
    },
    tooLong: () => new ProtocolViolation('request too long'),
  });

  /** Takes the next bytes; gives the request once its head is whole. Throws ProtocolViolation; not to be used after either. */
  push(chunk: Buffer): PullRequest | undefined {
    if (!this.#lines.push(chunk)) return undefined;
    const match = REQUEST_LINE.exec(this.#requestLine ?? '');
    if (!match) throw new ProtocolViolation('no proper request line');
    return parseTarget(match[1]!);
  }
}

function parseTarget(target: string): PullRequest {
  const path = target.split('?', 1)[0]!;
  if (path === '/stats' || path === '/favicon.ico') return { kind: 'stats' };
  const [, password = '', ...rest] = path.split('/');
  const held = rest.filter((part) => FRAGMENT_NUMBER.test(part)).map(Number);
  return { kind: 'pull', passwords: passwordSpellings(password), held };
}
