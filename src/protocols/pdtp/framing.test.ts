import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { type Dialect, detectDialect, MAX_MESSAGE_BYTES } from './dialect.ts';
import { encodeFrame, FrameReader } from './framing.ts';

function readAll(portions: readonly Buffer[], reader = new FrameReader()): string[] {
  const bodies: string[] = [];
  for (const portion of portions) {
    reader.push(portion, (body) => {
      bodies.push(body.toString('utf8'));
      return true;
    });
  }
  return bodies;
}

const lengthFirst = (length: number, body: string) =>
  Buffer.concat([Buffer.from([length >> 8, length & 255]), Buffer.from(body)]);

describe('the dialect of a connection', () => {
  it.each<[string, Buffer, ReturnType<typeof detectDialect>]>([
    ['nothing', Buffer.alloc(0), 'undecided'],
    ['one bracket', Buffer.from('['), 'undecided'],
    ['a bracket and a quote', Buffer.from('["'), 'undecided'],
    ['the start of a line', Buffer.from('["c'), 1],
    ['an empty array, a line', Buffer.from('[]\n["'), 2],
    ['a length', lengthFirst(0x31, '['), 2],
    ['a length and white space', lengthFirst(0x31, ' \r\n['), 2],
    ['a length that begins with a bracket', lengthFirst(0x5b22, '['), 2],
    ['a length of two brackets', lengthFirst(0x5b5b, '["'), 2],
    ['a blank after the bracket of a line', Buffer.from('[ "client_info"'), 1],
    ['a length of bracket and blank', lengthFirst(0x5b20, ' ['), 2],
    ['an array beyond the length', lengthFirst(2, '  ['), 'neither'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1'), 'neither'],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]), 'neither'],
    ['an empty line', Buffer.from('\n["client_info"'), 'neither'],
    ['words', Buffer.from('hello there'), 'neither'],
    ['zeros', Buffer.alloc(10), 'neither'],
    ['an object', Buffer.from('{"a":1}'), 'neither'],
    ['white space without end', Buffer.alloc(70_000, 32), 'neither'],
  ])('is told by %s', (_, head, expected) => expect(detectDialect(head)).toBe(expected));
});

describe('frames', () => {
  it('are lines, or lengths and text', () => {
    expect(encodeFrame('["a",{}]', 1)).toEqual(Buffer.from('["a",{}]\n'));
    expect(encodeFrame('["a",{}]', 2)).toEqual(Buffer.from('\0\x0a["a",{}]\r\n'));
    expect(encodeFrame('["é"]', 2).subarray(0, 2)).toEqual(Buffer.from([0, 8]));
    for (const dialect of [1, 2] as const) {
      expect(() => encodeFrame(`"${'x'.repeat(MAX_MESSAGE_BYTES)}"`, dialect)).toThrow(RangeError);
    }
  });

  it.each([1, 2] as const)('of dialect %d are read however they are cut', (dialect) => {
    const bodies = ['["client_info",{"a":1}]', '["b"]', '["ü",{"c":"\\n"}]'];
    const bytes = Buffer.concat(bodies.map((body) => encodeFrame(body, dialect)));
    for (const portions of portionings(bytes)) {
      const reader = new FrameReader();
      expect(readAll(portions, reader).map((body) => body.trimEnd())).toEqual(bodies);
      expect(reader.dialect).toBe(dialect);
      expect(reader.heldBytes).toBe(0);
    }
  });

  it('takes CR LF as the end of a line, and what comes in one portion', () => {
    expect(readAll([Buffer.from('["a"]\r\n["b"]\n["c')]).map((body) => body.trimEnd())).toEqual(['["a"]', '["b"]']);
  });

  it('reads a length that begins with a bracket', () => {
    const body = `["register",{"client_id":"x","listen_port":1,"pad":"${'p'.repeat(23_400)}"}]`;
    const bytes = lengthFirst(body.length, body);
    expect(bytes[0]).toBe(0x5b);
    for (const sizes of [[1], [2], [3], [4096]]) expect(readAll(cut(bytes, sizes))).toEqual([body]);
  });

  it('refuses messages above the limit, and holds no more than came', () => {
    const reader = new FrameReader({ dialect: 1, maxBytes: 100 });
    expect(readAll([Buffer.alloc(100, 0x5b)], reader)).toEqual([]);
    expect(reader.heldBytes).toBe(100);
    expect(() => readAll([Buffer.from('[')], reader)).toThrow(/line above 100/);
    expect(() => readAll([lengthFirst(101, '[')], new FrameReader({ maxBytes: 100 }))).toThrow(/101 bytes/);
    const patient = new FrameReader({ dialect: 2 });
    readAll([lengthFirst(65_535, '[1')], patient);
    expect(patient.heldBytes).toBe(4);
  });

  it('refuses the other dialect within a connection', () => {
    const line = encodeFrame('["client_info",{}]', 1);
    const counted = encodeFrame('["register",{}]', 2);
    expect(() => readAll([counted, line])).toThrow(ProtocolViolation);
    expect(() => readAll([lengthFirst(0, '')], new FrameReader({ dialect: 2 }))).toThrow(ProtocolViolation);
    // In dialect 1 the length is part of a line, which the decoder then refuses as no JSON.
    expect(readAll([line, counted]).at(1)?.charCodeAt(0)).toBe(0);
  });

  it('takes no more once it is told so', () => {
    const seen: string[] = [];
    new FrameReader().push(Buffer.from('["a"]\n["b"]\n'), (body) => {
      seen.push(body.toString());
      return false;
    });
    expect(seen).toEqual(['["a"]']);
  });

  it('goes through long lines in small portions at once', () => {
    const line = Buffer.from(`["${'x'.repeat(60_000)}"]\n`);
    expect(readAll(cut(line, [1]), new FrameReader())).toHaveLength(1);
    const reader = new FrameReader();
    expect(() => readAll(cut(Buffer.alloc(65_000, 32), [1]), reader)).toThrow(/neither/);
  });

  it('never hang on or hold more than any bytes', () => {
    const dialect = fc.constantFrom<Dialect | undefined>(1, 2, undefined);
    fc.assert(
      fc.property(
        dialect,
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat(40), { maxLength: 6 }),
        (known, noise, sizes) => {
          const reader = new FrameReader({ ...(known && { dialect: known }), maxBytes: 64 });
          let taken = 0;
          for (const portion of cut(Buffer.from(noise), sizes)) {
            try {
              reader.push(portion, (body) => {
                taken += body.length;
                return true;
              });
            } catch (error) {
              expect(error).toBeInstanceOf(ProtocolViolation);
              return;
            }
            expect(reader.heldBytes).toBeLessThanOrEqual(66 + 2);
          }
          expect(taken).toBeLessThanOrEqual(noise.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});
