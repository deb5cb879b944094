import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { encodePullRequest, type PullRequest, PullRequestReader } from './pull-request.ts';

function read(portions: Iterable<Buffer>): PullRequest | undefined {
  const reader = new PullRequestReader();
  for (const portion of portions) {
    const request = reader.push(portion);
    if (request) return request;
  }
  return undefined;
}

const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0xe000, max: 0x10ffff })), { maxLength: 40 })
  .map((points) => String.fromCodePoint(...points));

const readText = (text: string) => read([Buffer.from(text)]);
const pull = (passwords: string[], held: number[] = []): PullRequest => ({ kind: 'pull', passwords, held });

describe('the request of a persistent pull client', () => {
  it('is written as the original writes it', () => {
    expect(encodePullRequest('secret', [])).toEqual(distreamerCapture('persserver-persclient-meta-no-1.client'));
    expect(encodePullRequest('secret', [22, 23, 24, 25, 26])).toEqual(
      distreamerCapture('persserver-persclient-meta-no-2.client'),
    );
    expect(encodePullRequest('', []).toString()).toBe('GET // HTTP/1.1\r\n\r\n');
  });

  it('is read from bytes cut at every place', () => {
    for (const portions of portionings(distreamerCapture('persserver-persclient-meta-no-3.client'))) {
      expect(read(portions)).toEqual(pull(['secret'], [42, 43, 44, 45, 46]));
    }
  });

  it.each([
    ['GET // HTTP/1.1\r\n\r\n', pull([''])],
    ['GET / HTTP/1.0\r\n\r\n', pull([''])],
    ['GET //5/6 HTTP/1.1\r\n\r\n', pull([''], [5, 6])],
    ['GET /secret HTTP/1.1\r\n\r\n', pull(['secret'])],
    ['GET /secret/ HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n', pull(['secret'])],
    ['GET /se%20cret/1 HTTP/1.1\r\n\r\n', pull(['se%20cret', 'se cret'], [1])],
    ['GET /100%/1 HTTP/1.1\r\n\r\n', pull(['100%'], [1])],
    ['GET /secret/1/x/-2/3.5/4 HTTP/1.1\r\n\r\n', pull(['secret'], [1, 4])],
    ['GET /stats HTTP/1.1\r\nHost: x\r\n\r\n', { kind: 'stats' }],
    ['GET /favicon.ico HTTP/1.1\r\n\r\n', { kind: 'stats' }],
  ] as const)('%j is understood', (text, request) => {
    expect(readText(text)).toEqual(request);
  });

  it.each([
    'POST /secret/ HTTP/1.1\r\n\r\n',
    'secret\r\n\r\n',
    'GET / secret/ HTTP/1.1\r\n\r\n',
    'GET /\0 HTTP/1.1\r\n\r\n',
  ])('%j is refused', (text) => {
    expect(() => readText(text)).toThrow(ProtocolViolation);
  });

  it('ends at 128 KiB', () => {
    const reader = new PullRequestReader();
    const endless = Buffer.from(`GET /${'1/'.repeat(32 * 1024)}`);
    expect(reader.push(endless)).toBeUndefined();
    expect(() => reader.push(endless)).toThrow(ProtocolViolation);
  });

  it('names at most the newest 4,096 fragments', () => {
    const request = read([
      encodePullRequest(
        '',
        Array.from({ length: 5000 }, (_, at) => 2 ** 40 + at),
      ),
    ]);
    expect(request?.kind === 'pull' && [request.held.length, request.held[0]]).toEqual([4096, 2 ** 40 + 904]);
  });

  it('brings any password over', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(), { maxLength: 20 }), (password, held) => {
        const request = read([encodePullRequest(password, held)]);
        if (password === 'stats' && held.length === 0) return;
        expect(request?.kind === 'pull' && request.passwords.includes(password)).toBe(true);
        expect(request?.kind === 'pull' && request.held).toEqual(held);
      }),
      { numRuns: 100 },
    );
  });
});
