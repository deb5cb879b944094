/**
 * How a persistent push begins: the client sends its password and CR LF; the server answers `ok|<n>/<n>/...` CR LF,
 * the numbers of the fragments that it holds, or `err|<reason>` CR LF, and closes.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { MAX_HELD_NUMBERS } from './pull-request.ts';

/** The answer to a wrong password. */
export const PUSH_REFUSED: Buffer = Buffer.from('err|Invalid password\r\n');

const MAX_ANSWER_BYTES = 128 * 1024;
const CR = 13;
const LF = 10;
const FRAGMENT_NUMBER = /^\d{1,15}$/;
const LINE_BREAKS = /[\r\n]/g;

/** What the server says to a password. */
export type PushAnswer =
  | { readonly kind: 'ok'; readonly held: readonly number[] }
  /** Cleaned text. */
  | { readonly kind: 'err'; readonly reason: string };

/** Encodes the client's first line. A password cannot hold line breaks: they are left out. */
export function encodePushLogin(password: string): Buffer {
  return Buffer.from(`${password.replace(LINE_BREAKS, '')}\r\n`, 'utf8');
}

/** Encodes the answer to the right password; of `held` the newest 4,096 are named. */
export function encodePushAnswer(held: readonly number[]): Buffer {
  return Buffer.from(`ok|${held.slice(-MAX_HELD_NUMBERS).join('/')}\r\n`, 'latin1');
}

/** Reads the server's answer, fed in any portions: at most 128 KiB. */
export class PushAnswerReader {
  #held: Buffer[] = [];
  #bytes = 0;

  /** Takes the next bytes; gives the answer once it is whole. Throws ProtocolViolation; not to be used after either. */
  push(chunk: Buffer): PushAnswer | undefined {
    const end = chunk.indexOf(LF);
    const part = end < 0 ? chunk : chunk.subarray(0, end);
    this.#bytes += part.length;
    if (this.#bytes > MAX_ANSWER_BYTES) throw new ProtocolViolation('too long an answer to the password');
    this.#held.push(part);
    return end < 0 ? undefined : parseAnswer(Buffer.concat(this.#held));
  }
}

function parseAnswer(line: Buffer): PushAnswer {
  const text = line.toString('utf8', 0, line.at(-1) === CR ? line.length - 1 : line.length);
  if (text.startsWith('err|')) return { kind: 'err', reason: cleanText(text.slice(4), 300) };
  if (!text.startsWith('ok|')) throw new ProtocolViolation(`not an answer to a password: "${cleanText(text, 40)}"`);
  const parts = text
    .slice(3)
    .split('/')
    .filter((part) => part !== '');
  if (!parts.every((part) => FRAGMENT_NUMBER.test(part))) throw new ProtocolViolation('numbers that are none');
  return { kind: 'ok', held: parts.map(Number) };
}
