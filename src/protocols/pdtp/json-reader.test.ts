import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { type JsonValue, OTHER_NUMBER, readJson } from './json-reader.ts';

const read = (text: string) => readJson(Buffer.from(text));

/** The value as plain JSON; fails for what JSON has not. */
function plain(value: JsonValue): unknown {
  if (value === OTHER_NUMBER) return 'other number';
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]));
  return value;
}

describe('reading JSON', () => {
  it('reads every kind of value', () => {
    expect(plain(read(' ["a",{"b":[true,false,null,-12,0]},""]\r\n'))).toEqual([
      'a',
      { b: [true, false, null, -12, 0] },
      '',
    ]);
    expect(plain(read('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é"'))).toBe('"\\/\b\f\n\r\té😀é');
  });

  it.each(['9000.0', '9e3', '1e308', '-0.0', '1E-400', '9007199254740992', '18446744073709551616', '1'.repeat(5000)])(
    'takes %s for no whole number',
    (text) => expect(read(text)).toBe(OTHER_NUMBER),
  );

  it('makes a zero of minus zero', () => expect(Object.is(read('-0'), 0)).toBe(true));

  it('keeps names of prototypes as plain names, and the last of equal names', () => {
    const value = read('{"__proto__":{"isAdmin":true},"constructor":1,"a":1,"a":2}') as ReadonlyMap<string, JsonValue>;
    expect([...value.keys()]).toEqual(['__proto__', 'constructor', 'a']);
    expect(value.get('a')).toBe(2);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it.each([
    '',
    ' ',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '[,]',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '"a',
    '"a\\',
    '"a\\"',
    '"\n"',
    '"\u0000"',
    '"\\x"',
    '"\\u12"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    'nul',
    'NaN',
    'Infinity',
    '-',
    '01',
    '+1',
    '.5',
    '1.',
    '0x10',
    '1 2',
    '[] []',
    '\ufeff[]',
    '/**/[]',
    'hello there',
  ])('refuses %j', (text) => expect(() => read(text)).toThrow(ProtocolViolation));

  it('refuses bytes that are not UTF-8', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(() => readJson(Buffer.from(bytes))).toThrow(/UTF-8/);
    }
  });

  it('refuses more than 16 levels and more than 1,024 values', () => {
    expect(() => read('['.repeat(16) + ']'.repeat(16))).not.toThrow();
    expect(() => read('['.repeat(17) + ']'.repeat(17))).toThrow(/deeper than 16/);
    expect(() => read('['.repeat(60_000))).toThrow(/deeper/);
    expect(() => read('{"a":'.repeat(12_000))).toThrow(/deeper/);
    expect(() => read(`[${'0,'.repeat(1022)}0]`)).not.toThrow();
    expect(() => read(`[${'0,'.repeat(1023)}0]`)).toThrow(/1024 values/);
  });

  it('agrees with the platform about any value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        // Numbers with a fraction, an exponent or more than 2^53 - 1 are told apart here only.
        fc.pre(!/\.\d|e[-+]?\d|\d{16}/i.test(text));
        expect(JSON.stringify(plain(read(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 200 },
    );
  });

  it('reads or refuses any bytes, as the platform does', () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ':',
      ',',
      '"',
      '\\',
      'u00e9',
      '1',
      '-',
      '.',
      'e',
      'true',
      ' ',
      'a',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 24 }), (parts) => {
        const text = parts.join('');
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (isJson) expect(() => read(text)).not.toThrow();
        else expect(() => read(text)).toThrow(ProtocolViolation);
      }),
      { numRuns: 300 },
    );
  });
});
