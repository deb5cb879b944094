import { describe, expect, it } from 'vitest';
import { HeadReader } from '../http/head-reader.ts';
import { ResponseHeadReader } from '../http/response-head-reader.ts';
import { acceptOf, answerUpgrade, checkUpgradeAnswer, upgradeRequest } from './upgrade.ts';

/** RFC 6455, section 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const GOOD = {
  'GET /': 'HTTP/1.1',
  Host: 'x.example',
  Upgrade: 'websocket',
  Connection: 'keep-alive, Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
};

function answerTo(changes: Record<string, string | undefined>) {
  const [first, ...rest] = Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined);
  const lines = [first!.join(' '), ...rest.map((pair) => pair.join(': ')), '', ''];
  return answerUpgrade(new HeadReader().push(Buffer.from(lines.join('\r\n')))!.head);
}

function judge(lines: readonly string[]): void {
  const head = new ResponseHeadReader().push(Buffer.from([...lines, '', ''].join('\r\n')))!;
  checkUpgradeAnswer(head, KEY);
}

const GOOD_ANSWER = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: WebSocket',
  'Connection: upgrade',
  `Sec-WebSocket-Accept: ${ACCEPT}`,
];

describe('the opening of a WebSocket', () => {
  it('answers the key of RFC 6455 as it says', () => {
    expect(acceptOf(KEY)).toBe(ACCEPT);
    const { refusal, bytes } = answerTo({});
    expect(refusal).toBeUndefined();
    expect(bytes.toString()).toBe(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
    );
  });

  it('understands itself', () => {
    const request = upgradeRequest({ host: 'studio.example:9000', path: '/link?a=b', key: KEY });
    const { head, rest } = new HeadReader().push(request)!;
    expect([head.target, head.headers.get('host'), rest.length]).toEqual(['/link?a=b', 'studio.example:9000', 0]);
    const answer = new ResponseHeadReader().push(answerUpgrade(head).bytes)!;
    expect(() => checkUpgradeAnswer(answer, KEY)).not.toThrow();
  });

  it.each([
    [{ Upgrade: undefined }, 'no upgrade to a WebSocket'],
    [{ Upgrade: 'h2c' }, 'no upgrade to a WebSocket'],
    [{ Connection: 'close' }, 'no upgrade of the connection'],
    [{ 'Sec-WebSocket-Version': '8' }, 'not version 13'],
    [{ 'Sec-WebSocket-Key': undefined }, 'a key that is none'],
    [{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ' }, 'a key that is none'],
    [{ 'Sec-WebSocket-Key': `${KEY}${KEY}` }, 'a key that is none'],
    [{ 'Content-Length': '5' }, 'with a body'],
    [{ 'GET /': 'HTTP/1.0' }, 'not a GET of HTTP/1.1'],
  ])('refuses %o', (changes, reason) => {
    const { refusal, bytes } = answerTo(changes);
    expect(refusal).toContain(reason.replace('a key', 'a WebSocket key'));
    expect(bytes.toString()).toContain('HTTP/1.1 426 Upgrade Required\r\n');
    expect(bytes.toString()).toContain('Sec-WebSocket-Version: 13\r\n');
  });

  it('takes no answer but the one to its request', () => {
    expect(() => judge(GOOD_ANSWER)).not.toThrow();
    expect(() => judge(['HTTP/1.1 404 Not Found'])).toThrow('it answered 404');
    expect(() => judge(GOOD_ANSWER.map((line) => line.replace('WebSocket', 'h2c')))).toThrow('another protocol');
    expect(() => judge(GOOD_ANSWER.map((line) => line.replace('s3p', 'S3p')))).toThrow('another request');
    expect(() => judge([...GOOD_ANSWER, 'Sec-WebSocket-Extensions: permessage-deflate'])).toThrow('was not offered');
  });
});
