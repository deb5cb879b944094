import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, ByteWriter, MAX_VARINT, varintLength } from './varint.ts';

const write = (value: number) => {
  const writer = new ByteWriter(8);
  writer.varint(value);
  return writer.finish();
};

describe('varint', () => {
  it('reads the examples of RFC 9000, appendix A.1', () => {
    const read = (hex: string) => new ByteReader(Buffer.from(hex, 'hex')).varint();
    expect(read('25')).toBe(37);
    expect(read('4025')).toBe(37);
    expect(read('7bbd')).toBe(15_293);
    expect(read('9d7f3e7d')).toBe(494_878_333);
  });

  it('comes back for every number up to 2^53 - 1, in the length it says', () => {
    const numbers = fc.oneof(
      fc.nat({ max: MAX_VARINT }),
      fc.constantFrom(0, 63, 64, 16_383, 16_384, 2 ** 30, MAX_VARINT),
    );
    fc.assert(
      fc.property(numbers, (value) => {
        const bytes = write(value);
        expect(bytes.length).toBe(varintLength(value));
        expect(new ByteReader(bytes).varint()).toBe(value);
      }),
    );
  });

  it('refuses numbers above 2^53 and what ends too soon', () => {
    expect(() => new ByteReader(Buffer.from('c020000000000000', 'hex')).varint()).toThrow(ProtocolViolation);
    for (let length = 0; length < 8; length++) {
      expect(() => new ByteReader(write(2 ** 40).subarray(0, length)).varint()).toThrow(ProtocolViolation);
    }
  });

  it('refuses blocks above their bound before it takes them', () => {
    const bytes = Buffer.concat([write(2 ** 40), Buffer.alloc(9)]);
    expect(() => new ByteReader(bytes).block(255, 'a name')).toThrow('a name of 1099511627776 bytes; at most 255');
  });

  it('never writes beyond its buffer', () => {
    const writer = new ByteWriter(3);
    writer.uint8(1);
    expect(() => writer.bytes(Buffer.alloc(3))).toThrow(RangeError);
    expect(() => writer.varint(-1)).toThrow(RangeError);
    expect(() => writer.varint(0.5)).toThrow(RangeError);
    expect(writer.finish()).toEqual(Buffer.from([1]));
  });
});
