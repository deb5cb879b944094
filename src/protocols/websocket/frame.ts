/**
 * Frames of a WebSocket (RFC 6455, section 5): what is written. Without extensions.
 * @module
 */

/** RFC 6455, section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Status codes of a closing frame that are used here (RFC 6455, section 7.4.1). */
export const CLOSE = { normal: 1000, protocolError: 1002, unsupportedData: 1003, tooBig: 1009 } as const;

/** Bytes of a masking key. */
export const MASK_BYTES = 4;

const FINAL = 0x80;
const MASKED = 0x80;
const MAX_SHORT = 125;
const MAX_16_BITS = 65_535;
const MAX_REASON_BYTES = 123;

/** One frame. */
export interface FrameToWrite {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** False: another frame goes on with the message. Default: true. */
  readonly isFinal?: boolean;
  /** Four unpredictable bytes, new for each frame: a client masks, a server does not. */
  readonly mask?: Uint8Array | undefined;
}

/** The bytes of a frame; the payload is copied. */
export function encodeFrame({ opcode, payload, isFinal = true, mask }: FrameToWrite): Buffer {
  const { length } = payload;
  const lengthBytes = length <= MAX_SHORT ? 0 : length <= MAX_16_BITS ? 2 : 8;
  const payloadAt = 2 + lengthBytes + (mask ? MASK_BYTES : 0);
  const frame = Buffer.alloc(payloadAt + length);
  frame[0] = (isFinal ? FINAL : 0) | opcode;
  frame[1] = (mask ? MASKED : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(payload, payloadAt);
  if (mask) {
    frame.set(mask, payloadAt - MASK_BYTES);
    applyMask(frame.subarray(payloadAt), mask);
  }
  return frame;
}

/** The payload of a closing frame; a reason above 123 bytes is cut. */
export function closePayload(code: number, reason = ''): Buffer {
  const text = Buffer.from(reason, 'utf8').subarray(0, MAX_REASON_BYTES);
  // a cut inside a character would not be UTF-8
  const whole = Buffer.from(text.toString('utf8').replace(/\ufffd+$/, ''), 'utf8');
  const payload = Buffer.alloc(2 + whole.length);
  payload.writeUInt16BE(code);
  whole.copy(payload, 2);
  return payload;
}

/** Masks or unmasks in place (RFC 6455, section 5.3). */
export function applyMask(bytes: Uint8Array, mask: Uint8Array): void {
  const first = mask[0]!;
  const second = mask[1]!;
  const third = mask[2]!;
  const fourth = mask[3]!;
  const whole = bytes.length - (bytes.length % MASK_BYTES);
  for (let at = 0; at < whole; at += MASK_BYTES) {
    bytes[at]! ^= first;
    bytes[at + 1]! ^= second;
    bytes[at + 2]! ^= third;
    bytes[at + 3]! ^= fourth;
  }
  for (let at = whole; at < bytes.length; at++) bytes[at]! ^= mask[at - whole]!;
}
