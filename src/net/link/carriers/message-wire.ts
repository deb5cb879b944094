import { randomFillSync } from 'node:crypto';
import {
  encodeFrame as encodeLengthFrame,
  FrameDecoder,
  MAX_FRAMED_BYTES,
} from '../../../protocols/link/stream-framing.ts';
import { CLOSE, closePayload, encodeFrame, MASK_BYTES, OPCODE } from '../../../protocols/websocket/frame.ts';
import { FrameReader, WebSocketViolation } from '../../../protocols/websocket/frame-reader.ts';

/** What a message may have before its peer is known: the largest hello. */
export const FIRST_MAX_MESSAGE_BYTES = 1_200;

/** A server's frame of 126 to 65,535 bytes; a client's has the mask in addition. */
const WEBSOCKET_HEADER_BYTES = 4;
const LENGTH_BYTES = 2;
/** Masks are made so many at once. */
const MASKS_AT_ONCE = 1024;
const MAX_REASON_CHARACTERS = 100;

/** What stands in the bytes that came. */
export type WireEvent =
  | { readonly kind: 'message'; readonly message: Buffer }
  /** To be sent back. */
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  /** The peer says that it is done; in words. */
  | { readonly kind: 'end'; readonly reason: string };

/** How messages lie in a stream of bytes. One for each connection. */
export interface MessageWire {
  maxMessageBytes: number;
  /** What it adds to a message. */
  readonly overheadBytes: number;
  /** Throws RangeError for an empty message and for one above 65,535 bytes. */
  encode(message: Buffer): Buffer;
  /** Throws ProtocolViolation. Take all events before the next portion. */
  read(portion: Buffer): Iterable<WireEvent>;
  /** The last bytes of this side. `error`: what the peer broke, if anything. */
  farewell(error: unknown): Buffer | undefined;
}

/** Messages with their length in front of them. */
export class LengthWire implements MessageWire {
  readonly overheadBytes = LENGTH_BYTES;
  readonly #decoder = new FrameDecoder(FIRST_MAX_MESSAGE_BYTES);

  get maxMessageBytes(): number {
    return this.#decoder.maxBytes;
  }

  set maxMessageBytes(bytes: number) {
    this.#decoder.maxBytes = bytes;
  }

  encode(message: Buffer): Buffer {
    return encodeLengthFrame(message);
  }

  *read(portion: Buffer): Generator<WireEvent, void, undefined> {
    for (const message of this.#decoder.push(portion)) yield { kind: 'message', message };
  }

  farewell(): undefined {
    return undefined;
  }
}

/** One binary message of a WebSocket for each message. */
export class WebSocketWire implements MessageWire {
  readonly overheadBytes: number;
  readonly #reader: FrameReader;
  readonly #masks: MaskSource | undefined;

  constructor(role: 'client' | 'server') {
    const isClient = role === 'client';
    this.#reader = new FrameReader({
      from: isClient ? 'server' : 'client',
      maxMessageBytes: FIRST_MAX_MESSAGE_BYTES,
    });
    this.#masks = isClient ? new MaskSource() : undefined;
    this.overheadBytes = WEBSOCKET_HEADER_BYTES + (isClient ? MASK_BYTES : 0);
  }

  get maxMessageBytes(): number {
    return this.#reader.maxMessageBytes;
  }

  set maxMessageBytes(bytes: number) {
    this.#reader.maxMessageBytes = bytes;
  }

  encode(message: Buffer): Buffer {
    if (message.length === 0 || message.length > MAX_FRAMED_BYTES) {
      throw new RangeError(`a message has 1 to ${MAX_FRAMED_BYTES} bytes, not ${message.length}`);
    }
    return this.#frame(OPCODE.binary, message);
  }

  *read(portion: Buffer): Generator<WireEvent, void, undefined> {
    for (const event of this.#reader.push(portion)) {
      if (event.kind === 'binary') {
        if (event.data.length === 0) throw new WebSocketViolation(CLOSE.protocolError, 'an empty message');
        yield { kind: 'message', message: event.data };
      } else if (event.kind === 'ping') {
        yield { kind: 'answer', bytes: this.#frame(OPCODE.pong, event.data) };
      } else if (event.kind === 'close') {
        yield { kind: 'end', reason: wordsOf(event.code, event.reason) };
      } else if (event.kind === 'text') {
        throw new WebSocketViolation(CLOSE.unsupportedData, 'text where bytes belong');
      }
    }
  }

  farewell(error: unknown): Buffer {
    const payload =
      error instanceof WebSocketViolation ? closePayload(error.closeCode, error.message) : closePayload(CLOSE.normal);
    return this.#frame(OPCODE.close, payload);
  }

  #frame(opcode: number, payload: Buffer): Buffer {
    return encodeFrame({ opcode, payload, mask: this.#masks?.next() });
  }
}

function wordsOf(code: number | undefined, reason: string): string {
  const clean = reason.replace(/[^\x20-\x7e]/g, '').slice(0, MAX_REASON_CHARACTERS);
  return `the peer closed the WebSocket${code === undefined ? '' : ` (${code}${clean === '' ? '' : ` ${clean}`})`}`;
}

/** Unpredictable masks (RFC 6455, section 10.3), cheaper than one call of the system each. */
class MaskSource {
  #bytes: Buffer | undefined;
  #at = 0;

  /** Four bytes; hold them no longer than until the next. */
  next(): Buffer {
    if (!this.#bytes || this.#at === this.#bytes.length) {
      this.#bytes = randomFillSync(Buffer.alloc(MASKS_AT_ONCE * MASK_BYTES));
      this.#at = 0;
    }
    this.#at += MASK_BYTES;
    return this.#bytes.subarray(this.#at - MASK_BYTES, this.#at);
  }
}
