import { ProtocolViolation } from '../../core/errors.ts';

const FIRST_ROOM_BYTES = 16 * 1024;

/** Options of a body. */
export interface MessageBodyOptions {
  /** Bytes that were announced; undefined: until the peer closes. */
  readonly length: number | undefined;
  readonly maxBytes: number;
}

/** Holds the body of a message as it comes. Memory grows with what came, never with what was announced. */
export class MessageBody {
  readonly #length: number | undefined;
  readonly #maxBytes: number;
  #held: Buffer = Buffer.alloc(0);
  #filled = 0;

  /** Throws ProtocolViolation when more is announced than allowed. */
  constructor({ length, maxBytes }: MessageBodyOptions) {
    if (length !== undefined && length > maxBytes) throw new ProtocolViolation(`a body of ${length} bytes`);
    this.#length = length;
    this.#maxBytes = maxBytes;
  }

  /** True when all that was announced is there. */
  get isWhole(): boolean {
    return this.#filled === this.#length;
  }

  /** True when no length was announced: it ends when the peer closes. */
  get endsWithConnection(): boolean {
    return this.#length === undefined;
  }

  /** What came so far; never written to once it is whole. */
  get bytes(): Buffer {
    return this.#held.subarray(0, this.#filled);
  }

  /** Takes the next bytes; those beyond the announced length are passed over. Throws ProtocolViolation above the limit. */
  push(chunk: Buffer): void {
    const taken = Math.min(chunk.length, (this.#length ?? Number.POSITIVE_INFINITY) - this.#filled);
    const needed = this.#filled + taken;
    if (needed > this.#maxBytes) throw new ProtocolViolation(`a body above ${this.#maxBytes} bytes`);
    if (needed > this.#held.length) {
      const limit = this.#length ?? this.#maxBytes;
      const larger = Buffer.alloc(Math.min(limit, Math.max(needed, this.#held.length * 2, FIRST_ROOM_BYTES)));
      this.#held.copy(larger, 0, 0, this.#filled);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#filled, 0, taken);
    this.#filled = needed;
  }
}
