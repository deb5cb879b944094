import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { HeadError } from './head-error.ts';
import { HeadReader } from './head-reader.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

function read(portions: Buffer[]) {
  const reader = new HeadReader();
  for (const [at, portion] of portions.entries()) {
    const done = reader.push(portion);
    if (!done) continue;
    const rest = Buffer.concat([done.rest, ...portions.slice(at + 1)]).toString('latin1');
    return { ...done.head, headers: Object.fromEntries(done.head.headers), rest, raw: done.raw.toString('latin1') };
  }
  return undefined;
}

function statusOf(text: string): number | undefined {
  try {
    read([bytes(text)]);
    return undefined;
  } catch (error) {
    expect(error, text.slice(0, 80)).toBeInstanceOf(HeadError);
    return (error as HeadError).status;
  }
}

describe('HeadReader', () => {
  it('reads a head however it is cut', () => {
    const head =
      '\r\nPUT /live HTTP/1.1\r\nHost: h\r\nIce-Name:  A: b \t\r\nAccept: a\r\naccept: b\r\nX: 1\r\nx: 2\r\nEmpty:\r\n\r\n';
    for (const portions of portionings(bytes(`${head}\xff\xfb`))) {
      expect(read(portions)).toEqual({
        method: 'PUT',
        target: '/live',
        version: 'HTTP/1.1',
        headers: { host: 'h', 'ice-name': 'A: b', accept: 'a, b', x: '1', empty: '' },
        rest: '\xff\xfb',
        raw: head,
      });
    }
  });

  it.each([
    'SOURCE /m ICE/1.0\ncontent-type: audio/mpeg\n\n',
    'SOURCE /m HTTP/1.0\r\n\r\n',
    'GET /m HTTP/1.1\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://host:8000/m?x HTTP/1.1\r\n\r\n',
    'GET /m HTTP/1.0\nX: \xe4\n\n',
    '\n\nGET / HTTP/1.0\n\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n',
  ])('accepts %j', (text) => {
    expect(read([bytes(text)])).toBeDefined();
  });

  it.each([
    ['GET / HTTP/1.1\r\nName : x\r\n\r\n'],
    ['GET / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n'],
    ['GET / HTTP/1.1\r\n A: x\r\n\r\n'],
    ['GET / HTTP/1.1\r\nA: x\0\r\n\r\n'],
    ['GET / HTTP/1.1\r\nA: x\x1b[2J\r\n\r\n'],
    ['GET / HTTP/1.1\r\nA: x\x7f\r\n\r\n'],
    ['GET / HTTP/1.1\r\nA: x\rB: y\r\n\r\n'],
    ['GET / HTTP/1.1\r\r\n\r\n'],
    ['GET / HTTP/1.1\r\nno colon\r\n\r\n'],
    ['GET / HTTP/1.1\r\n: x\r\n\r\n'],
    ['GET / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n'],
    ['GET / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n'],
    ['GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ...['+4', '-1', '0x4', '4 4', '', '1e3', '9'.repeat(16)].map((n) => [
      `PUT / HTTP/1.1\r\nContent-Length: ${n}\r\n\r\n`,
    ]),
    ['GET /\r\n\r\n'],
    ['GET  / HTTP/1.1\r\n\r\n'],
    ['GET / HTTP/1.1 \r\n\r\n'],
    ['GET /a b HTTP/1.1\r\n\r\n'],
    ['GET live HTTP/1.1\r\n\r\n'],
    ['GET *x HTTP/1.1\r\n\r\n'],
    ['GET http://u@h/ HTTP/1.1\r\n\r\n'],
    ['G(T / HTTP/1.1\r\n\r\n'],
    ['GET / http/1.1\r\n\r\n'],
    ['\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n'],
    ['\x16\x03\x01\x02\0\x01'],
  ])('answers 400 to %j', (text) => {
    expect(statusOf(text)).toBe(400);
  });

  it('answers 405 and 505', () => {
    expect(statusOf('CONNECT host:443 HTTP/1.1\r\n\r\n')).toBe(405);
    expect(statusOf('TRACE / HTTP/1.1\r\n\r\n')).toBe(405);
    expect(statusOf('PRI * HTTP/2.0\r\n\r\n')).toBe(505);
    expect(statusOf('GET / HTTP/1.2\r\n\r\n')).toBe(505);
  });

  it('bounds bytes and headers', () => {
    expect(statusOf('x'.repeat(16 * 1024))).toBe(431);
    expect(statusOf(`GET / HTTP/1.1\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`)).toBe(431);
    expect(statusOf(`GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(101)}\r\n`)).toBe(431);
    expect(statusOf(`GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(100)}\r\n`)).toBeUndefined();
  });

  it('holds no more than 16 KiB however the bytes come', () => {
    const reader = new HeadReader();
    let pushed = 0;
    expect(() => {
      for (; pushed < 20_000; pushed++) reader.push(Buffer.from('x'));
    }).toThrow(HeadError);
    expect(pushed).toBe(16 * 1024 - 1);
  });

  it('ends, waits or throws HeadError on any bytes, cut anywhere', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 400 }), sizes, (begun, data, portions) => {
        const text = Buffer.concat([Buffer.from(begun ? 'GET / HTTP/1.1\r\nA: ' : ''), data]);
        const outcomes = [[text], cut(text, portions)].map((parts) => {
          try {
            return read(parts);
          } catch (error) {
            expect(error).toBeInstanceOf(HeadError);
            return 'refused';
          }
        });
        expect(outcomes[1]).toEqual(outcomes[0]);
      }),
      { numRuns: 300 },
    );
  });

  it('keys of objects are plain headers', () => {
    const head = read([bytes('GET / HTTP/1.1\r\n__proto__: x\r\nconstructor: y\r\n\r\n')]);
    expect(head?.headers.constructor).toBe('y');
  });
});
