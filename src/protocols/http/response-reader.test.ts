import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { MessageBody } from './message-body.ts';
import { ResponseReader } from './response-reader.ts';

function read(portions: Iterable<Buffer>, maxBytes = 100) {
  const reader = new ResponseReader(maxBytes);
  for (const portion of portions) {
    const response = reader.push(portion);
    if (response) return response;
  }
  return reader.end();
}

const COUNTED = Buffer.from('HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello');
const OPEN = Buffer.from('HTTP/1.0 404 Not Found\r\n\r\nhello');

describe('a response reader', () => {
  it('reads a counted body and one that ends with the connection, cut at every byte', () => {
    for (const portions of portionings(COUNTED)) {
      expect(read(portions)).toEqual({ status: 200, body: Buffer.from('hello') });
    }
    for (const portions of portionings(OPEN)) {
      expect(read(portions)).toEqual({ status: 404, body: Buffer.from('hello') });
    }
  });

  it('reads an empty body, and leaves out what comes after the end', () => {
    expect(read([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')])?.body.length).toBe(0);
    expect(read([Buffer.concat([COUNTED, Buffer.from('more')])])?.body.toString()).toBe('hello');
  });

  it('gives nothing when the connection ends too early', () => {
    for (let at = 0; at < COUNTED.length; at++) expect(read([COUNTED.subarray(0, at)])).toBeUndefined();
  });

  it.each([
    'HTTP/1.0 200 OK\r\nContent-Length: 101\r\n\r\n',
    `HTTP/1.0 200 OK\r\n\r\n${'x'.repeat(101)}`,
    'HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'ok|\r\n\r\n',
  ])('takes %j for a violation', (text) => {
    expect(() => read([Buffer.from(text)])).toThrow(ProtocolViolation);
  });

  it('never crashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          read([Buffer.from('HTTP/1.0 200 OK\r\n'), Buffer.from(bytes)]);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a message body', () => {
  it('holds what came, not what was announced', () => {
    const body = new MessageBody({ length: 8 * 2 ** 20, maxBytes: 8 * 2 ** 20 });
    body.push(Buffer.from('abc'));
    expect(body.bytes.buffer.byteLength).toBeLessThan(100_000);
    expect([body.isWhole, body.bytes.toString()]).toEqual([false, 'abc']);
  });
});
