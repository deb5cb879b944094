import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import {
  COOKIE_BYTES,
  decodeHello,
  decodeResponse,
  decodeRetry,
  encodeHello,
  encodeResponse,
  encodeRetry,
  type Hello,
  MAX_HELLO_BYTES,
  MAX_RESPONSE_BYTES,
  MIN_HELLO_BYTES,
  NO_COOKIE,
  prologueOf,
} from './handshake-messages.ts';
import { messageKindOf } from './message-kind.ts';

const COOKIE = Buffer.alloc(COOKIE_BYTES, 0xcc);
const NOISE = Buffer.alloc(96, 0xee);
const HELLO: Hello = { pattern: 'IK', connectionId: 0x01020304, cookie: COOKIE, noise: NOISE };
const DECODERS = { hello: decodeHello, retry: decodeRetry, response: decodeResponse };

const bytesOf = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
const anyId = fc.nat(2 ** 32 - 1);

describe('a hello', () => {
  it('stays as it is on the wire', () => {
    const bytes = encodeHello(HELLO);
    expect(bytes).toHaveLength(MIN_HELLO_BYTES);
    const head = `12 01 01020304 0060 ${'cc'.repeat(16)}`.replaceAll(' ', '');
    expect(bytes.toString('hex')).toBe(head + 'ee'.repeat(96) + '00'.repeat(136));
    expect(prologueOf(HELLO).toString('latin1')).toBe('distream link \x12\x01\x01\x02\x03\x04');
  });

  it('comes back, of any size', () => {
    fc.assert(
      fc.property(
        fc.record({
          pattern: fc.constantFrom('IK' as const, 'NNpsk0' as const),
          connectionId: anyId,
          cookie: bytesOf(COOKIE_BYTES, COOKIE_BYTES),
          noise: bytesOf(48, MAX_HELLO_BYTES - 24),
        }),
        (hello) => {
          const bytes = encodeHello(hello);
          expect(decodeHello(bytes)).toEqual(hello);
          expect(encodeHello(decodeHello(bytes))).toEqual(bytes);
        },
      ),
      { numRuns: 100 },
    );
    expect(() => encodeHello({ ...HELLO, noise: Buffer.alloc(MAX_HELLO_BYTES) })).toThrow(RangeError);
  });

  it('is refused when anything about it is off', () => {
    const bent = (change: (bytes: Buffer) => unknown) => () => {
      const bytes = encodeHello(HELLO);
      const other = change(bytes);
      return decodeHello(Buffer.isBuffer(other) ? other : bytes);
    };
    expect(bent((bytes) => bytes.writeUInt8(0x22, 0))).toThrow('not the link, or version 2 of it; this is version 1');
    expect(bent((bytes) => bytes.writeUInt8(0x13, 0))).toThrow(/unknown kind/);
    expect(bent((bytes) => bytes.writeUInt8(0x14, 0))).toThrow('a retry where a hello belongs');
    expect(bent((bytes) => bytes.writeUInt8(3, 1))).toThrow('unknown handshake 3');
    expect(bent((bytes) => bytes.writeUInt16BE(300, 6))).toThrow(/wrong length/);
    expect(bent((bytes) => bytes.writeUInt16BE(47, 6))).toThrow(/wrong length/);
    expect(bent((bytes) => bytes.writeUInt8(1, 255))).toThrow(/behind its end/);
    expect(bent((bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(/behind its end/);
    expect(bent(() => Buffer.alloc(0))).toThrow('an empty message');
    for (let length = 0; length < MIN_HELLO_BYTES; length++) {
      expect(bent((bytes) => bytes.subarray(0, length))).toThrow(ProtocolViolation);
    }
  });
});

describe('a retry and a response', () => {
  it('stay as they are on the wire', () => {
    expect(encodeRetry({ connectionId: 5, cookie: COOKIE }).toString('hex')).toBe(`1400000005${'cc'.repeat(16)}`);
    const response = encodeResponse({ connectionId: 5, noise: Buffer.alloc(48, 1) });
    expect(response.toString('hex')).toBe(`1600000005${'01'.repeat(48)}`);
  });

  it('come back', () => {
    fc.assert(
      fc.property(anyId, bytesOf(COOKIE_BYTES, COOKIE_BYTES), bytesOf(48, 251), (connectionId, cookie, noise) => {
        expect(decodeRetry(encodeRetry({ connectionId, cookie }))).toEqual({ connectionId, cookie });
        expect(decodeResponse(encodeResponse({ connectionId, noise }))).toEqual({ connectionId, noise });
      }),
      { numRuns: 100 },
    );
    expect(() => encodeResponse({ connectionId: 1, noise: Buffer.alloc(MAX_RESPONSE_BYTES) })).toThrow(RangeError);
  });

  it('are refused when cut off or longer', () => {
    const retry = encodeRetry({ connectionId: 5, cookie: NO_COOKIE });
    const response = encodeResponse({ connectionId: 5, noise: Buffer.alloc(48) });
    for (let length = 0; length < retry.length; length++) {
      expect(() => decodeRetry(retry.subarray(0, length))).toThrow(ProtocolViolation);
    }
    for (let length = 0; length < response.length; length++) {
      expect(() => decodeResponse(response.subarray(0, length))).toThrow(ProtocolViolation);
    }
    expect(() => decodeRetry(Buffer.concat([retry, Buffer.alloc(1)]))).toThrow(ProtocolViolation);
    expect(() => decodeResponse(Buffer.concat([response, Buffer.alloc(400)]))).toThrow(ProtocolViolation);
  });
});

describe('any bytes', () => {
  it('are a message of this kind or a violation', () => {
    const first = fc.constantFrom(0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x18, 0x22, 0);
    fc.assert(
      fc.property(first, bytesOf(0, 400), (byte, rest) => {
        const bytes = Buffer.concat([Buffer.of(byte), rest]);
        for (const [kind, decode] of Object.entries(DECODERS)) {
          try {
            decode(bytes);
            expect(messageKindOf(bytes)).toBe(kind);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolViolation);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('have a kind by their first byte alone', () => {
    const kinds = new Map([
      [0x10, 'record'],
      [0x11, 'record'],
      [0x12, 'hello'],
      [0x14, 'retry'],
      [0x16, 'response'],
    ]);
    for (let byte = 0; byte < 256; byte++) expect(messageKindOf(Buffer.of(byte))).toBe(kinds.get(byte));
    expect(messageKindOf(Buffer.alloc(0))).toBeUndefined();
  });
});
