import { ProtocolViolation } from '../../core/errors.ts';

const MAX_SIZE_LINE_BYTES = 256;
const MAX_TRAILER_BYTES = 8 * 1024;
const SIZE_LINE = /^([0-9A-Fa-f]{1,8})[ \t]{0,8}(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const CR = 13;
const LF = 10;

type Part = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

/**
 * Takes the chunk framing off a body (RFC 9112 section 7.1). Extensions are ignored, at most 256 bytes a size line;
 * trailers are dropped, at most 8 KiB. Holds no more than one line.
 */
export class ChunkedDecoder {
  readonly #onData: (data: Buffer) => void;
  #part: Part = 'size';
  #line = '';
  #left = 0;
  #trailerBytes = 0;

  /** `onData` gets views on the chunks pushed, never empty. */
  constructor(onData: (data: Buffer) => void) {
    this.#onData = onData;
  }

  /** Takes the next bytes; gives the bytes after the body once it has ended. Throws ProtocolViolation. */
  push(chunk: Buffer): Buffer | undefined {
    let at = 0;
    while (at < chunk.length && this.#part !== 'done') {
      at = this.#part === 'data' ? this.#takeData(chunk, at) : this.#takeLineByte(chunk[at]!, at);
    }
    return this.#part === 'done' ? chunk.subarray(at) : undefined;
  }

  #takeData(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#part = 'data-end';
    this.#onData(chunk.subarray(at, end));
    return end;
  }

  #takeLineByte(byte: number, at: number): number {
    if (byte === LF) this.#endLine();
    else this.#growLine(byte);
    return at + 1;
  }

  #growLine(byte: number): void {
    if (this.#line.endsWith('\r')) throw new ProtocolViolation('carriage return inside a chunk line');
    if (byte < 32 && byte !== CR && byte !== 9) throw new ProtocolViolation('control byte in a chunk line');
    if (this.#part === 'data-end' && byte !== CR) throw new ProtocolViolation('chunk longer than its size');
    if (this.#part === 'size' && this.#line.length >= MAX_SIZE_LINE_BYTES) {
      throw new ProtocolViolation('chunk size line too long');
    }
    if (this.#part === 'trailer' && ++this.#trailerBytes > MAX_TRAILER_BYTES) {
      throw new ProtocolViolation('chunk trailer too long');
    }
    this.#line += String.fromCharCode(byte);
  }

  #endLine(): void {
    if (!this.#line.endsWith('\r')) throw new ProtocolViolation('chunk line without carriage return');
    const line = this.#line.slice(0, -1);
    this.#line = '';
    if (this.#part === 'data-end') this.#part = 'size';
    else if (this.#part === 'size') this.#beginChunk(line);
    else if (line === '') this.#part = 'done';
  }

  #beginChunk(line: string): void {
    const match = SIZE_LINE.exec(line);
    if (!match) throw new ProtocolViolation('no proper chunk size');
    this.#left = Number.parseInt(match[1]!, 16);
    this.#part = this.#left === 0 ? 'trailer' : 'data';
  }
}
