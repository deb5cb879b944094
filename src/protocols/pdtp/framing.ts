import { ProtocolViolation } from '../../core/errors.ts';
import { type Dialect, detectDialect, isJsonSpace, MAX_MESSAGE_BYTES } from './dialect.ts';

const LF = 10;
const BRACKET = 0x5b;
const LENGTH_BYTES = 2;
const FIRST_ROOM_BYTES = 512;
const EMPTY = Buffer.alloc(0);

/**
 * The bytes of one message: `json` and `\n` in dialect 1; the length, `json` and CR LF in dialect 2, as the draft
 * recommends. Throws RangeError when it is longer than 65,535 bytes.
 */
export function encodeFrame(json: string, dialect: Dialect): Buffer {
  const text = dialect === 1 ? `${json}\n` : `${json}\r\n`;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_MESSAGE_BYTES) throw new RangeError(`a message of ${bytes} bytes; at most ${MAX_MESSAGE_BYTES}`);
  if (dialect === 1) return Buffer.from(text);
  const frame = Buffer.alloc(LENGTH_BYTES + bytes);
  frame.writeUInt16BE(bytes);
  frame.write(text, LENGTH_BYTES);
  return frame;
}

/** How a stream is read. */
export interface FrameReaderOptions {
  /** The dialect of the peer; without it the first bytes tell. */
  readonly dialect?: Dialect;
  /** The most bytes of one message; at most 65,535. */
  readonly maxBytes?: number;
}

/**
 * Takes the JSON texts of messages out of a stream in any portions. Between messages it holds nothing; within one, what
 * came of it, never what was announced.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #dialect: Dialect | undefined;
  #held: Buffer = EMPTY;
  #heldLength = 0;
  #scanned = 0;

  constructor({ dialect, maxBytes = MAX_MESSAGE_BYTES }: FrameReaderOptions = {}) {
    this.#dialect = dialect;
    this.#maxBytes = Math.min(maxBytes, MAX_MESSAGE_BYTES);
  }

  /** The dialect, once it is known. */
  get dialect(): Dialect | undefined {
    return this.#dialect;
  }

  /** Bytes kept of a message that is not whole. */
  get heldBytes(): number {
    return this.#heldLength;
  }

  /**
   * Takes the next bytes; calls `onBody` with the JSON of each message that is whole, a view that is valid until it
   * returns. `onBody` gives false to take no more. Throws ProtocolViolation when the bytes are in neither dialect, in
   * the other one, or too many; not to be used after.
   */
  push(portion: Buffer, onBody: (body: Buffer) => boolean): void {
    const data = this.#heldLength === 0 ? portion : this.#append(portion);
    let at = 0;
    for (;;) {
      const end = this.#frameEnd(data, at);
      if (end === undefined) break;
      const body = this.#dialect === 1 ? data.subarray(at, end - 1) : data.subarray(at + LENGTH_BYTES, end);
      at = end;
      this.#scanned = 0;
      if (!onBody(body)) return this.#release();
    }
    this.#keep(data, at);
  }

  /** Where the frame that begins at `at` ends; undefined when it is not whole. */
  #frameEnd(data: Buffer, at: number): number | undefined {
    if (at === data.length) return undefined;
    if (this.#dialect === undefined) {
      const found = detectDialect(data.subarray(at));
      if (found === 'neither') throw new ProtocolViolation('not PDTP: neither of its two dialects');
      if (found === 'undecided') return undefined;
      this.#dialect = found;
    }
    return this.#dialect === 1 ? this.#lineEnd(data, at) : this.#lengthEnd(data, at);
  }

  #lineEnd(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(LF, at + this.#scanned);
    const length = (end < 0 ? data.length : end) - at;
    if (length > this.#maxBytes) throw new ProtocolViolation(`a line above ${this.#maxBytes} bytes`);
    if (end >= 0) return end + 1;
    this.#scanned = length;
    return undefined;
  }

  #lengthEnd(data: Buffer, at: number): number | undefined {
    const begin = at + LENGTH_BYTES;
    if (begin > data.length) return undefined;
    const length = data.readUInt16BE(at);
    if (length > this.#maxBytes) throw new ProtocolViolation(`a message of ${length} bytes; at most ${this.#maxBytes}`);
    // A message that cannot be one is refused at its first byte, not after the 64 KiB that it may announce.
    const first = data[begin];
    if (length === 0 || (first !== undefined && first !== BRACKET && !isJsonSpace(first))) {
      throw new ProtocolViolation('a message that does not begin with [');
    }
    return begin + length <= data.length ? begin + length : undefined;
  }

  #append(portion: Buffer): Buffer {
    const needed = this.#heldLength + portion.length;
    if (needed > this.#held.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#held.length * 2, FIRST_ROOM_BYTES));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    portion.copy(this.#held, this.#heldLength);
    return this.#held.subarray(0, needed);
  }

  #keep(data: Buffer, at: number): void {
    if (at === data.length) this.#release();
    else if (this.#heldLength > 0 && at === 0) this.#heldLength = data.length;
    else {
      this.#held = Buffer.from(data.subarray(at));
      this.#heldLength = this.#held.length;
    }
  }

  #release(): void {
    this.#held = EMPTY;
    this.#heldLength = 0;
    this.#scanned = 0;
  }
}
