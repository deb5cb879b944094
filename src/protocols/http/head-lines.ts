import { ProtocolViolation } from '../../core/errors.ts';

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const DELETE = 127;

/** How a head is read. */
export interface HeadLinesOptions {
  /** Bytes of the whole head, line ends and leading empty lines included. */
  readonly maxBytes: number;
  /** Empty lines before the first line that are skipped. */
  readonly leadingBlankLines: number;
  /** Control bytes and a CR inside a line are a violation; else they stay in the line. */
  readonly strict: boolean;
  /** Called with each line, without its end, one character per byte. May throw. */
  readonly onLine: (line: string) => void;
  /** Makes the error for a head above `maxBytes`. */
  readonly tooLong: () => ProtocolViolation;
}

/** The end of a head. */
export interface HeadEnd {
  /** All bytes of the head as received; may be a view on the chunk. */
  readonly raw: Buffer;
  /** The bytes after the head; a view on the last chunk. */
  readonly rest: Buffer;
}

/** Splits a head into lines up to the empty line. Lines end with CRLF or LF. Holds at most `maxBytes`. */
export class HeadLines {
  readonly #options: HeadLinesOptions;
  #held: Buffer = Buffer.alloc(0);
  #heldLength = 0;
  #lineStart = 0;
  #seenLine = false;
  #blankLines = 0;

  constructor(options: HeadLinesOptions) {
    this.#options = options;
  }

  /** Bytes held while the head is incomplete. */
  get heldBytes(): number {
    return this.#heldLength;
  }

  /**
   * Takes the next bytes; gives the end of the head once it is there. Not to be called after that or after a throw.
   * Throws ProtocolViolation, or what `onLine` throws.
   */
  push(chunk: Buffer): HeadEnd | undefined {
    const scanned = this.#heldLength;
    const data = this.#append(chunk);
    const limit = Math.min(data.length, this.#options.maxBytes);
    for (let at = scanned; at < limit; at++) {
      const byte = data[at]!;
      if (byte === LF) {
        if (this.#endLine(data, at)) return { raw: data.subarray(0, at + 1), rest: chunk.subarray(at + 1 - scanned) };
      } else if (this.#options.strict) {
        refuseControl(byte, at > 0 ? data[at - 1]! : 0);
      }
    }
    if (data.length >= this.#options.maxBytes) throw this.#options.tooLong();
    this.#hold(data, scanned, chunk);
    return undefined;
  }

  /** True when that was the empty line that ends the head. */
  #endLine(data: Buffer, at: number): boolean {
    const end = at > this.#lineStart && data[at - 1] === CR ? at - 1 : at;
    const line = data.toString('latin1', this.#lineStart, end);
    this.#lineStart = at + 1;
    if (line !== '') {
      this.#seenLine = true;
      this.#options.onLine(line);
      return false;
    }
    if (this.#seenLine) return true;
    if (++this.#blankLines > this.#options.leadingBlankLines)
      throw new ProtocolViolation('empty lines before the head');
    return false;
  }

  #append(chunk: Buffer): Buffer {
    if (this.#heldLength === 0) return chunk;
    const room = Math.min(chunk.length, this.#options.maxBytes - this.#heldLength);
    const needed = this.#heldLength + room;
    if (this.#held.length < needed) {
      const larger = Buffer.alloc(Math.min(this.#options.maxBytes, Math.max(512, needed * 2)));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldLength, 0, room);
    return this.#held.subarray(0, needed);
  }

  #hold(data: Buffer, scanned: number, chunk: Buffer): void {
    if (scanned === 0) this.#held = Buffer.from(chunk);
    this.#heldLength = data.length;
  }
}

function refuseControl(byte: number, previous: number): void {
  if (previous === CR) throw new ProtocolViolation('carriage return inside a line');
  if ((byte < SPACE && byte !== TAB && byte !== CR) || byte === DELETE) {
    throw new ProtocolViolation('control byte in the head');
  }
}
