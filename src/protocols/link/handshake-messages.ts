/**
 * The messages before a session: `hello` (initiator), `retry` (responder, to an address that has not proved itself)
 * and `response` (responder). The same bytes on every carrier. README.md has the tables.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { TAG_BYTES } from '../noise/chacha20-poly1305.ts';
import type { PatternName } from '../noise/handshake-patterns.ts';
import { KEY_BYTES } from '../noise/x25519.ts';
import { demandKind, firstByteOf } from './message-kind.ts';

/** Every hello is filled up to this size, so that no answer is bigger. Fits a path of 576 bytes. */
export const MIN_HELLO_BYTES = 256;
/** The most bytes of a hello; a datagram of this size passes every usual path. */
export const MAX_HELLO_BYTES = 1200;
/** The most bytes of a response: no more than any hello. */
export const MAX_RESPONSE_BYTES = MIN_HELLO_BYTES;
/** Bytes of a cookie. */
export const COOKIE_BYTES = 16;
/** The cookie of a first attempt. */
export const NO_COOKIE: Buffer = Buffer.alloc(COOKIE_BYTES);

const HELLO_HEAD_BYTES = 8 + COOKIE_BYTES;
/** The part of a hello that both sides put into the handshake's prologue: kind, version, pattern, connection id. */
const BOUND_BYTES = 6;
const PATTERNS: readonly (PatternName | undefined)[] = [undefined, 'IK', 'NNpsk0'];
const RESPONSE_HEAD_BYTES = 5;
const MIN_NOISE_BYTES = KEY_BYTES + TAG_BYTES;
const PROLOGUE = Buffer.from('distream link ', 'ascii');

/** The initiator's message. */
export interface Hello {
  readonly pattern: PatternName;
  /** Under which the initiator takes answers and records; below 2^32. */
  readonly connectionId: number;
  /** 16 bytes; zeros in the first attempt. */
  readonly cookie: Buffer;
  /** The first message of the handshake. */
  readonly noise: Buffer;
}

/** The demand to prove the address: send the same hello again with this cookie. */
export interface Retry {
  /** The initiator's. */
  readonly connectionId: number;
  readonly cookie: Buffer;
}

/** The responder's message. */
export interface Response {
  /** The initiator's. */
  readonly connectionId: number;
  /** The second message of the handshake. */
  readonly noise: Buffer;
}

/** Encodes a hello. Throws RangeError when the handshake's message does not fit. */
export function encodeHello(hello: Hello): Buffer {
  const length = HELLO_HEAD_BYTES + hello.noise.length;
  if (length > MAX_HELLO_BYTES) throw new RangeError(`a hello has at most ${MAX_HELLO_BYTES} bytes`);
  const bytes = Buffer.alloc(Math.max(length, MIN_HELLO_BYTES));
  bytes[0] = firstByteOf('hello');
  bytes[1] = PATTERNS.indexOf(hello.pattern);
  bytes.writeUInt32BE(hello.connectionId, 2);
  bytes.writeUInt16BE(hello.noise.length, BOUND_BYTES);
  hello.cookie.copy(bytes, 8);
  hello.noise.copy(bytes, HELLO_HEAD_BYTES);
  return bytes;
}

/** Reads a hello; its parts are views. Throws ProtocolViolation. */
export function decodeHello(bytes: Buffer): Hello {
  demandKind(bytes, 'hello');
  if (bytes.length < MIN_HELLO_BYTES || bytes.length > MAX_HELLO_BYTES) {
    throw new ProtocolViolation(`a hello of ${bytes.length} bytes; it has ${MIN_HELLO_BYTES} to ${MAX_HELLO_BYTES}`);
  }
  const pattern = PATTERNS[bytes[1]!];
  if (!pattern) throw new ProtocolViolation(`a hello with the unknown handshake ${bytes[1]}`);
  const end = HELLO_HEAD_BYTES + bytes.readUInt16BE(BOUND_BYTES);
  if (end > bytes.length || end < HELLO_HEAD_BYTES + MIN_NOISE_BYTES) {
    throw new ProtocolViolation('a hello with a wrong length inside');
  }
  if (bytes.length !== Math.max(end, MIN_HELLO_BYTES) || bytes.subarray(end).some((byte) => byte !== 0)) {
    throw new ProtocolViolation('a hello with something behind its end');
  }
  return {
    pattern,
    connectionId: bytes.readUInt32BE(2),
    cookie: bytes.subarray(8, HELLO_HEAD_BYTES),
    noise: bytes.subarray(HELLO_HEAD_BYTES, end),
  };
}

/** What both sides mix into the handshake: what the hello says in clear, but for the cookie, cannot be altered. */
export function prologueOf(hello: Pick<Hello, 'pattern' | 'connectionId'>): Buffer {
  const bound = Buffer.alloc(BOUND_BYTES);
  bound[0] = firstByteOf('hello');
  bound[1] = PATTERNS.indexOf(hello.pattern);
  bound.writeUInt32BE(hello.connectionId, 2);
  return Buffer.concat([PROLOGUE, bound]);
}

const RETRY_BYTES = 5 + COOKIE_BYTES;

/** Encodes a retry: 21 bytes. */
export function encodeRetry(retry: Retry): Buffer {
  const bytes = Buffer.alloc(RETRY_BYTES);
  bytes[0] = firstByteOf('retry');
  bytes.writeUInt32BE(retry.connectionId, 1);
  retry.cookie.copy(bytes, 5);
  return bytes;
}

/** Reads a retry. Throws ProtocolViolation. */
export function decodeRetry(bytes: Buffer): Retry {
  demandKind(bytes, 'retry');
  if (bytes.length !== RETRY_BYTES) throw new ProtocolViolation(`a retry of ${bytes.length} bytes`);
  return { connectionId: bytes.readUInt32BE(1), cookie: bytes.subarray(5) };
}

/** Encodes a response. Throws RangeError when the handshake's message does not fit. */
export function encodeResponse(response: Response): Buffer {
  const length = RESPONSE_HEAD_BYTES + response.noise.length;
  if (length > MAX_RESPONSE_BYTES) throw new RangeError(`a response has at most ${MAX_RESPONSE_BYTES} bytes`);
  const bytes = Buffer.alloc(length);
  bytes[0] = firstByteOf('response');
  bytes.writeUInt32BE(response.connectionId, 1);
  response.noise.copy(bytes, RESPONSE_HEAD_BYTES);
  return bytes;
}

/** Reads a response; the handshake's message is a view. Throws ProtocolViolation. */
export function decodeResponse(bytes: Buffer): Response {
  demandKind(bytes, 'response');
  if (bytes.length < RESPONSE_HEAD_BYTES + MIN_NOISE_BYTES || bytes.length > MAX_RESPONSE_BYTES) {
    throw new ProtocolViolation(`a response of ${bytes.length} bytes`);
  }
  return { connectionId: bytes.readUInt32BE(1), noise: bytes.subarray(RESPONSE_HEAD_BYTES) };
}
