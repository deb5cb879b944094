import http from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadReader } from './head-reader.ts';

interface Verdict {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** What Node's parser makes of the bytes; undefined when it refuses them. */
function readByNode(bytes: Buffer): Promise<Verdict | undefined> {
  return new Promise((resolve) => {
    const server = http.createServer();
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.on('clientError', () => resolve(undefined));
    server.on('request', (request: http.IncomingMessage) => {
      const headers = pairs(request.rawHeaders).map(([name, value]) => [name.toLowerCase(), value] as const);
      resolve({ method: request.method ?? '', target: request.url ?? '', headers });
    });
    server.emit('connection', socket);
    socket.push(bytes);
    socket.push(null);
    setImmediate(() => setImmediate(() => resolve(undefined)));
  });
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]!] as [string, string]] : []));
}

function readByFront(bytes: Buffer): { verdict: Verdict; headers: ReadonlyMap<string, string> } | undefined {
  try {
    const done = new HeadReader().push(bytes);
    if (!done) return undefined;
    const { method, target, headers } = done.head;
    return { verdict: { method, target, headers: [...headers] }, headers };
  } catch {
    return undefined;
  }
}

function firstOfEach(headers: Verdict['headers']): [string, string][] {
  return [...new Map([...headers].reverse())].reverse();
}

function withoutLists(headers: Verdict['headers']): Record<string, string> {
  return Object.fromEntries(headers.filter(([key]) => key !== 'accept' && key !== 'connection'));
}

/** Mostly `good`, so that whole requests are often right. */
function mostly(good: readonly string[], bad: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

const token = mostly(['GET', 'PUT', 'POST', 'HEAD', 'SOURCE', 'OPTIONS'], ['get', 'G T', '']);
const target = mostly(['/', '/a?b=c', '*', 'http://h/x', '//x'], ['x', '/a b', '/\xe4', '/\t', '', '/#f', 'ftp://h/']);
const version = mostly(['HTTP/1.1', 'HTTP/1.0', 'ICE/1.0'], ['HTTP/2.0', 'HTTP/1.1 ', 'HTTP/11', '']);
const name = mostly(
  ['Content-Length', 'Transfer-Encoding', 'X', 'Y', 'Accept', '__proto__', 'Connection'],
  [' X', 'X ', '', 'a@b', 'Host'],
);
const value = mostly(
  ['h', '4', '0', 'chunked', '', ' a b\t', '\xe4', 'close'],
  ['+4', 'xchunked', 'a\0', 'a\rb', '\x7f', 'a\n b'],
);
const lineEnd = mostly(['\r\n'], ['\n', '\r', '\r\r\n']);

const request = fc
  .record({
    leading: mostly([''], ['\r\n', '\n', ' ']),
    first: fc.tuple(token, target, version),
    headers: fc.array(fc.tuple(name, value, mostly([': ', ':'], [' : ', '']), lineEnd), { maxLength: 4 }),
    end: lineEnd,
  })
  .map(({ leading, first, headers, end }) => {
    const lines = headers.map(([n, v, colon, e]) => `${n}${colon}${v}${e}`).join('');
    return Buffer.from(`${leading}${first.join(' ')}${end}Host: h\r\n${lines}\r\n`, 'latin1');
  });

/** The documented tolerances: LF line ends, ICE/1.0 (Node reads it for SOURCE alone), methods that Node does not know. */
function isTolerated(bytes: Buffer, verdict: Verdict): boolean {
  const text = bytes.toString('latin1');
  return /(^|[^\r])\n/.test(text) || text.includes('ICE/1.0') || !http.METHODS.includes(verdict.method);
}

describe('HeadReader beside node:http', () => {
  it('reads the same request or is stricter', async () => {
    let agreed = 0;
    await fc.assert(
      fc.asyncProperty(request, async (bytes) => {
        const front = readByFront(bytes);
        const node = await readByNode(bytes);
        if (!front || (!node && isTolerated(bytes, front.verdict))) return;
        expect(node, JSON.stringify(bytes.toString('latin1'))).toBeDefined();
        expect([front.verdict.method, front.verdict.target]).toEqual([node!.method, node!.target]);
        expect(withoutLists(front.verdict.headers)).toEqual(withoutLists(firstOfEach(node!.headers)));
        agreed++;
      }),
      { numRuns: 600 },
    );
    expect(agreed).toBeGreaterThan(50);
  });
});
