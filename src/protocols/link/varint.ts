/**
 * Integers of 1, 2, 4 or 8 bytes (RFC 9000, section 16), here at most 2^53 - 1, and bounded reading and writing.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';

/** The largest number the link writes or takes: byte offsets, packet numbers, times. */
export const MAX_VARINT = Number.MAX_SAFE_INTEGER;

/** Bytes that `value` takes. */
export function varintLength(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x4000_0000 ? 4 : 8;
}

/** Writes into one fixed buffer; throws RangeError when it is full or a value does not fit. */
export class ByteWriter {
  readonly #buffer: Buffer;
  #length = 0;

  constructor(sizeBytes: number) {
    this.#buffer = Buffer.alloc(sizeBytes);
  }

  get length(): number {
    return this.#length;
  }

  uint8(value: number): void {
    this.#length = this.#buffer.writeUInt8(value, this.#length);
  }

  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no varint`);
    const at = this.#length;
    if (value < 0x40) this.#length = this.#buffer.writeUInt8(value, at);
    else if (value < 0x4000) this.#length = this.#buffer.writeUInt16BE(value | 0x4000, at);
    else if (value < 0x4000_0000) this.#length = this.#buffer.writeUInt32BE(value + 0x8000_0000, at);
    else {
      this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32) + 0xc000_0000, at);
      this.#length = this.#buffer.writeUInt32BE(value % 2 ** 32, at + 4);
    }
  }

  bytes(data: Uint8Array): void {
    if (this.#length + data.length > this.#buffer.length) throw new RangeError('the buffer is full');
    this.#buffer.set(data, this.#length);
    this.#length += data.length;
  }

  /** So many zeros. */
  zeros(count: number): void {
    if (this.#length + count > this.#buffer.length) throw new RangeError('the buffer is full');
    this.#buffer.fill(0, this.#length, this.#length + count);
    this.#length += count;
  }

  /** Length as a varint, then the bytes. */
  block(data: Uint8Array): void {
    this.varint(data.length);
    this.bytes(data);
  }

  /** Takes back what was written after `length`. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** A copy of what was written; the writer is empty again. */
  finish(): Buffer {
    const copy = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    return copy;
  }
}

/** Reads a buffer from its start; throws ProtocolViolation where it ends too soon. Bytes are views, not copies. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at;
  }

  uint8(): number {
    this.#need(1);
    return this.#buffer[this.#at++]!;
  }

  varint(): number {
    this.#need(1);
    const size = 1 << (this.#buffer[this.#at]! >> 6);
    this.#need(size);
    const at = this.#at;
    this.#at += size;
    if (size === 1) return this.#buffer[at]!;
    if (size === 2) return this.#buffer.readUInt16BE(at) & 0x3fff;
    if (size === 4) return this.#buffer.readUInt32BE(at) % 0x4000_0000;
    const value = (this.#buffer.readUInt32BE(at) % 0x4000_0000) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4);
    if (value > MAX_VARINT) throw new ProtocolViolation('a number is above 2^53');
    return value;
  }

  bytes(length: number): Buffer {
    this.#need(length);
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  /** A block of at most `maxBytes`, as `ByteWriter.block` writes it. */
  block(maxBytes: number, what: string): Buffer {
    const length = this.varint();
    if (length > maxBytes) throw new ProtocolViolation(`${what} of ${length} bytes; at most ${maxBytes}`);
    return this.bytes(length);
  }

  /** A block that is UTF-8 text. Broken sequences become U+FFFD. */
  text(maxBytes: number, what: string): string {
    return this.block(maxBytes, what).toString('utf8');
  }

  #need(length: number): void {
    if (this.#at + length > this.#buffer.length) throw new ProtocolViolation('a message ends too soon');
  }
}
