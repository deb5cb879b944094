/**
 * Messages on a carrier that is a stream (TLS over TCP, WebSocket): a length of two bytes, big endian, then the message.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';

/** The most bytes of a message in a frame. */
export const MAX_FRAMED_BYTES = 65_535;

const LENGTH_BYTES = 2;

/** A frame with `message` in it. Throws RangeError for an empty message and for more than 65,535 bytes. */
export function encodeFrame(message: Uint8Array): Buffer {
  if (message.length === 0 || message.length > MAX_FRAMED_BYTES) {
    throw new RangeError(`a frame holds 1 to ${MAX_FRAMED_BYTES} bytes, not ${message.length}`);
  }
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Takes messages out of a stream in any portions. Holds no more than the bytes of one message. */
export class FrameDecoder {
  /** The most bytes that a message may have; to be raised once the peer is known. */
  maxBytes: number;
  #length = 0;
  #lengthBytes = 0;
  #body: Buffer | undefined;
  #filled = 0;

  constructor(maxBytes = MAX_FRAMED_BYTES) {
    this.maxBytes = maxBytes;
  }

  /** Bytes kept of a message that has begun. */
  get heldBytes(): number {
    return this.#body?.length ?? 0;
  }

  /**
   * The messages that are complete with `portion`, one after the other: views on it where they lie in it whole. Take
   * them all before the next portion. Throws ProtocolViolation for an empty message or one over `maxBytes`.
   */
  *push(portion: Buffer): Generator<Buffer, void, undefined> {
    let at = 0;
    while (at < portion.length) {
      if (this.#lengthBytes < LENGTH_BYTES) {
        this.#takeLength(portion[at++]!);
        continue;
      }
      const part = portion.subarray(at, at + this.#length - this.#filled);
      at += part.length;
      const message = this.#take(part);
      if (message) yield message;
    }
  }

  #takeLength(byte: number): void {
    this.#length = this.#length * 256 + byte;
    this.#lengthBytes++;
    if (this.#lengthBytes < LENGTH_BYTES) return;
    if (this.#length === 0) throw new ProtocolViolation('an empty frame');
    if (this.#length > this.maxBytes) {
      throw new ProtocolViolation(`a frame of ${this.#length} bytes; at most ${this.maxBytes}`);
    }
  }

  #take(part: Buffer): Buffer | undefined {
    let message = part;
    if (part.length < this.#length) {
      this.#body ??= Buffer.alloc(this.#length);
      part.copy(this.#body, this.#filled);
      this.#filled += part.length;
      if (this.#filled < this.#length) return undefined;
      message = this.#body;
    }
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#filled = 0;
    this.#body = undefined;
    return message;
  }
}
