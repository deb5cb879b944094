import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRecordHeader,
  encodeRecordHeader,
  MAX_RECORD_BYTES,
  MAX_RECORD_NUMBER,
  RECORD_OVERHEAD_BYTES,
  wholeNumber,
} from './record-header.ts';

const withBody = (header: Buffer, length = RECORD_OVERHEAD_BYTES) =>
  Buffer.concat([header, Buffer.alloc(length - header.length)]);

describe('the header of a record', () => {
  it('is nine bytes', () => {
    expect(encodeRecordHeader(0, 0x01020304, 5).toString('hex')).toBe('100102030400000005');
    expect(encodeRecordHeader(1, 0xffffffff, 2 ** 40 + 2 ** 32 - 1).toString('hex')).toBe('11ffffffffffffffff');
  });

  it('comes back', () => {
    const id = fc.nat(2 ** 32 - 1);
    fc.assert(
      fc.property(fc.constantFrom(0 as const, 1 as const), id, fc.maxSafeNat(), (keyPhase, connectionId, number) => {
        const bytes = withBody(encodeRecordHeader(keyPhase, connectionId, number));
        expect(decodeRecordHeader(bytes)).toEqual({ keyPhase, connectionId, truncatedNumber: number % 2 ** 32 });
      }),
      { numRuns: 100 },
    );
  });

  it('is not read from anything else', () => {
    const header = encodeRecordHeader(0, 1, 2);
    for (let length = 0; length < RECORD_OVERHEAD_BYTES; length++) {
      expect(decodeRecordHeader(withBody(header, RECORD_OVERHEAD_BYTES).subarray(0, length))).toBeUndefined();
    }
    expect(decodeRecordHeader(withBody(header, MAX_RECORD_BYTES))).toBeDefined();
    expect(decodeRecordHeader(withBody(header, MAX_RECORD_BYTES + 1))).toBeUndefined();
    for (let first = 0; first < 256; first++) {
      const bytes = withBody(header);
      bytes[0] = first;
      expect(decodeRecordHeader(bytes) !== undefined).toBe(first === 0x10 || first === 0x11);
    }
  });
});

describe('a number of which 32 bits are sent', () => {
  it('is found again within 2^31 of the expected one, across the wrap', () => {
    const distance = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), distance, (expected, away) => {
        const number = expected + away;
        fc.pre(number >= 0 && number <= MAX_RECORD_NUMBER);
        expect(wholeNumber(number % 2 ** 32, expected)).toBe(number);
      }),
      { numRuns: 300 },
    );
  });

  it('is what RFC 9000 has around the corners', () => {
    expect(wholeNumber(0, 2 ** 32 - 1)).toBe(2 ** 32);
    expect(wholeNumber(2 ** 32 - 1, 2 ** 32)).toBe(2 ** 32 - 1);
    expect(wholeNumber(2 ** 32 - 1, 0)).toBe(2 ** 32 - 1);
    expect(wholeNumber(5, 2 ** 33 + 4)).toBe(2 ** 33 + 5);
  });

  it('is a whole number in range for any bytes', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: MAX_RECORD_NUMBER + 1 }), (truncated, expected) => {
        const number = wholeNumber(truncated, expected);
        expect(Number.isSafeInteger(number) && number >= 0 && number % 2 ** 32 === truncated).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
