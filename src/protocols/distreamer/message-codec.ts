/**
 * Messages of DiStreamer's persistent protocols: `ACTION|LENGTH` CR LF, LENGTH bytes, CR LF.
 * Actions: a decimal number (the fragment of that number), `list`, `oggheader`, `err`.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText, decodeText } from '../../core/text.ts';

/** One message, taken apart. `data` is never written to again. */
export type Message =
  | { readonly action: 'fragment'; readonly number: number; readonly data: Buffer }
  | { readonly action: 'list'; readonly data: Buffer }
  | { readonly action: 'oggheader'; readonly data: Buffer }
  /** A refusal; the sender closes after it. Cleaned text. */
  | { readonly action: 'err'; readonly text: string };

/** The most bytes that a message may carry, by action. */
export const MAX_MESSAGE_BYTES = { fragment: 8 * 2 ** 20, list: 4 * 2 ** 20, oggheader: 2 ** 20, err: 4096 } as const;

const MAX_ACTION_LINE_BYTES = 64;
const FIRST_ROOM_BYTES = 64 * 1024;
const ACTION_LINE = /^(\d{1,15}|list|oggheader|err)\|(\d{1,10})$/;
const LF = 10;
const LINE_END = Buffer.from('\r\n');
/** What follows the bytes of a message. */
export const MESSAGE_END_BYTES = LINE_END.length;

/** Encodes a message. `action` is a fragment's number or a word. */
export function encodeMessage(action: number | 'list' | 'oggheader' | 'err', body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${action}|${body.length}\r\n`, 'latin1'), body, LINE_END]);
}

type Kind = keyof typeof MAX_MESSAGE_BYTES;

interface OpenMessage {
  readonly kind: Kind;
  readonly number: number;
  readonly length: number;
}

/** Takes messages out of bytes in any portions. Memory grows with what came, never with what was announced. */
export class MessageDecoder {
  #line = '';
  #open: OpenMessage | undefined;
  #body: Buffer = Buffer.alloc(0);
  #filled = 0;
  #endSeen = 0;

  /** Bytes held of a message that is not whole yet. */
  get heldBytes(): number {
    return this.#open ? this.#filled : this.#line.length;
  }

  /** Takes the next bytes; calls `onMessage` for each message that is whole. Throws ProtocolViolation; not to be used after. */
  push(chunk: Buffer, onMessage: (message: Message) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#open) at = this.#readLine(chunk, at);
      else if (this.#filled < this.#open.length) at = this.#readBody(this.#open, chunk, at);
      else at = this.#readEnd(this.#open, chunk, at, onMessage);
    }
  }

  #readLine(chunk: Buffer, at: number): number {
    const limit = Math.min(chunk.length, at + MAX_ACTION_LINE_BYTES + 2 - this.#line.length);
    const end = chunk.subarray(at, limit).indexOf(LF);
    this.#line += chunk.toString('latin1', at, end < 0 ? limit : at + end);
    if (end < 0) {
      if (this.#line.length >= MAX_ACTION_LINE_BYTES + 2)
        throw new ProtocolViolation('a message begins with too long a line');
      return limit;
    }
    this.#begin(this.#line);
    return at + end + 1;
  }

  #begin(line: string): void {
    const match = line.endsWith('\r') ? ACTION_LINE.exec(line.slice(0, -1)) : null;
    if (!match) throw new ProtocolViolation(`not a DiStreamer message: "${cleanText(line, 40)}"`);
    const word = match[1]!;
    const kind: Kind = word === 'list' || word === 'oggheader' || word === 'err' ? word : 'fragment';
    const length = Number(match[2]);
    if (length > MAX_MESSAGE_BYTES[kind]) throw new ProtocolViolation(`a ${kind} of ${length} bytes`);
    this.#open = { kind, number: kind === 'fragment' ? Number(word) : 0, length };
    this.#body = Buffer.alloc(Math.min(length, FIRST_ROOM_BYTES));
    this.#line = '';
  }

  #readBody(open: OpenMessage, chunk: Buffer, at: number): number {
    const taken = Math.min(chunk.length - at, open.length - this.#filled);
    const needed = this.#filled + taken;
    if (needed > this.#body.length) {
      const larger = Buffer.alloc(Math.min(open.length, Math.max(needed, this.#body.length * 2)));
      this.#body.copy(larger, 0, 0, this.#filled);
      this.#body = larger;
    }
    chunk.copy(this.#body, this.#filled, at, at + taken);
    this.#filled = needed;
    return at + taken;
  }

  #readEnd(open: OpenMessage, chunk: Buffer, at: number, onMessage: (message: Message) => void): number {
    if (chunk[at] !== LINE_END[this.#endSeen]) throw new ProtocolViolation('a message does not end where it said');
    if (++this.#endSeen < LINE_END.length) return at + 1;
    const data = this.#body;
    this.#open = undefined;
    this.#body = Buffer.alloc(0);
    this.#filled = 0;
    this.#endSeen = 0;
    onMessage(toMessage(open, data));
    return at + 1;
  }
}

function toMessage({ kind, number }: OpenMessage, data: Buffer): Message {
  if (kind === 'fragment') return { action: 'fragment', number, data };
  if (kind === 'err') return { action: 'err', text: cleanText(decodeText(data), 300) };
  return { action: kind, data };
}
