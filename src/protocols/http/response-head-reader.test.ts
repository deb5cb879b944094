import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portionings } from '../../../test/support/portions.ts';
import { headerText } from './header-text.ts';
import { ResponseHeadReader } from './response-head-reader.ts';

function read(portions: Buffer[]) {
  const reader = new ResponseHeadReader();
  for (const [at, portion] of portions.entries()) {
    const head = reader.push(portion);
    if (!head) continue;
    const rest = Buffer.concat([head.rest, ...portions.slice(at + 1)]).toString('latin1');
    return { ...head, headers: Object.fromEntries(head.headers), rest };
  }
  return undefined;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('ResponseHeadReader', () => {
  it('reads ICY and HTTP answers however they are cut', () => {
    for (const portions of portionings(
      bytes('ICY 200 OK\r\nicy-notice1:<BR>x\r\nIcy-MetaInt: 8192\r\nno header\r\n\r\n\xff\xfb'),
    )) {
      const headers = { 'icy-notice1': '<BR>x', 'icy-metaint': '8192' };
      expect(read(portions)).toEqual({ protocol: 'ICY', status: 200, reason: 'OK', headers, rest: '\xff\xfb' });
    }
    for (const portions of portionings(bytes('HTTP/1.0 302\nLocation: /x\n\n'))) {
      expect(read(portions)).toMatchObject({
        status: 302,
        reason: '',
        protocol: 'HTTP/1.0',
        headers: { location: '/x' },
      });
    }
  });

  it('skips interim answers, a few', () => {
    const interim = 'HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n';
    for (const portions of portionings(bytes(`${interim}HTTP/1.1 200 OK\r\nY: 2\r\n\r\nbody`))) {
      expect(read(portions)).toMatchObject({ status: 200, headers: { y: '2' }, rest: 'body' });
    }
    expect(() => read([bytes(interim.repeat(10))])).toThrow('interim');
  });

  it('refuses what is no answer, and floods', () => {
    for (const text of [
      '<html>\n',
      'GET / HTTP/1.1\r\n',
      'HTTP/2.0 200 OK\r\n',
      'HTTP/1.1 20 OK\r\n',
      'HTTP/1.1 099 X\r\n',
    ]) {
      expect(() => read([bytes(text)]), text).toThrow();
    }
    expect(() => read([bytes('x'.repeat(40_000))])).toThrow();
    expect(() => read([bytes(`ICY 200 OK\n${'a:b\n'.repeat(201)}`)])).toThrow();
  });

  it('keeps strange bytes for whoever cleans them', () => {
    expect(headerText(read([bytes('ICY 200 OK\r\nicy-name: a\x1b\0b\xe9\r\n\r\n')])?.headers['icy-name'])).toBe('a bé');
  });

  it('ends, waits or throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        try {
          read([Buffer.concat([Buffer.from('ICY 200 OK\n'), data])]);
        } catch (error) {
          expect((error as Error).name).toBe('ProtocolViolation');
        }
      }),
      { numRuns: 200 },
    );
  });
});
