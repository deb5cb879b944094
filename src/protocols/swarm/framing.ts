import { ProtocolViolation } from '../../core/errors.ts';
import { ByteWriter } from '../link/varint.ts';

/** The largest message of the native dialect, its length not counted. */
export const MAX_MESSAGE_BYTES = 65_536;

const EMPTY = Buffer.alloc(0);
const MAX_LENGTH_BYTES = 4;

/**
 * Cuts a byte stream into messages: a varint (RFC 9000, section 16) of at most four bytes with the length, then the
 * message. Messages are views on what was pushed where that is possible. Throws ProtocolViolation for one that is empty
 * or too long, before its bytes are collected.
 */
export class MessageSplitter {
  #parts: Buffer[] = [];
  #held = 0;
  #need = 1;

  /** The messages that are complete with these bytes. */
  push(bytes: Buffer): Buffer[] {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    const messages: Buffer[] = [];
    if (this.#held < this.#need) return messages;
    const all = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts, this.#held);
    let at = 0;
    this.#need = 1;
    while (at < all.length) {
      const head = headOf(all, at);
      if (!head || head.end > all.length) {
        this.#need = head ? head.end - at : all.length - at + 1;
        break;
      }
      messages.push(all.subarray(head.start, head.end));
      at = head.end;
    }
    const rest = at === all.length ? EMPTY : all.subarray(at);
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return messages;
  }
}

function headOf(bytes: Buffer, at: number): { start: number; end: number } | undefined {
  const size = 1 << (bytes[at]! >> 6);
  if (size > MAX_LENGTH_BYTES) throw new ProtocolViolation('a message is too long');
  if (at + size > bytes.length) return undefined;
  const length =
    size === 1 ? bytes[at]! : size === 2 ? bytes.readUInt16BE(at) & 0x3fff : bytes.readUInt32BE(at) & 0x3fff_ffff;
  if (length === 0 || length > MAX_MESSAGE_BYTES) throw new ProtocolViolation(`a message of ${length} bytes`);
  return { start: at + size, end: at + size + length };
}

const scratch = new ByteWriter(MAX_MESSAGE_BYTES);
const head = new ByteWriter(MAX_LENGTH_BYTES);

/** A message with its length before it, written by `write`. Throws RangeError when it does not fit. */
export function framed(write: (writer: ByteWriter) => void): Buffer {
  scratch.truncate(0);
  write(scratch);
  const body = scratch.finish();
  head.truncate(0);
  head.varint(body.length);
  return Buffer.concat([head.finish(), body]);
}
