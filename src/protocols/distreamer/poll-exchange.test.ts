import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordedPolls } from '../../../test/support/poll-capture.ts';
import { portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { ResponseReader } from '../http/response-reader.ts';
import { PollExchange, type PollService } from './poll-exchange.ts';
import { encodePollRequest, type PollSubject } from './poll-request.ts';

interface Posted {
  readonly subject: PollSubject;
  readonly body: Buffer;
}

function serve(portions: Iterable<Buffer>, overrides: Partial<PollService> = {}) {
  const posted: Posted[] = [];
  const exchange = new PollExchange({
    password: 'secret',
    list: () => Buffer.from('{}'),
    fragment: (number) => (number === 7 ? Buffer.from('seven') : undefined),
    take: (subject, body) => void posted.push({ subject, body }),
    ...overrides,
  });
  const parts: Buffer[] = [];
  for (const portion of portions) parts.push(...(exchange.receive(portion) ?? []));
  const text = Buffer.concat(parts).toString('latin1');
  const answer = parts.length > 0 ? new ResponseReader(1e6).push(Buffer.concat(parts)) : undefined;
  return { answer, text, posted, outcome: exchange.outcome, exchange };
}

const get = (target: string, overrides: Partial<PollService> = {}) =>
  serve([Buffer.from(`GET ${target} HTTP/1.1\r\n\r\n`)], overrides);

describe('one request of the polling protocols', () => {
  const pulls = recordedPolls('server-client', 18);
  const pushes = recordedPolls('revclient-revserver', 16);

  it('is answered as recorded, every request of a client that pulls, cut at every byte', () => {
    for (const recorded of pulls) {
      for (const portions of portionings(recorded.request)) {
        const { answer, text } = serve(portions, { list: () => recorded.body, fragment: () => recorded.body });
        expect([answer?.status, answer?.body.equals(recorded.body)]).toEqual([recorded.status, true]);
        expect(text.slice(0, 15)).toBe('HTTP/1.0 200 OK');
        const headers = text.slice(0, text.indexOf('\r\n\r\n'));
        expect(headers).toContain(`\r\nContent-Length: ${recorded.body.length}\r\n`);
        expect(headers).toContain('\r\nContent-Type: text/plain\r\n');
      }
    }
  });

  it('is answered as recorded, every request of a client that pushes, its head cut at every byte', () => {
    for (const recorded of pushes) {
      const headBytes = recorded.request.length - recorded.posted.length;
      for (const portions of portionings(recorded.request.subarray(0, headBytes))) {
        const { answer, posted } = serve([...portions, recorded.posted], { list: () => recorded.body });
        expect(answer).toEqual({ status: recorded.status, body: recorded.body });
        if (recorded.posted.length > 0) expect(posted[0]!.body.equals(recorded.posted)).toBe(true);
      }
    }
  });

  it('says 404 to what is not there and 403 to a wrong password, in the words of the original', () => {
    expect(get('/8/secret')).toMatchObject({ answer: { status: 404, body: Buffer.from('Invalid fragment 8') } });
    expect(get('/x/secret')).toMatchObject({ answer: { status: 404, body: Buffer.from('Invalid fragment x') } });
    for (const target of ['/7', '/7/', '/7/Secret', '/list', '/list/secre', '/', '/list/secret/']) {
      expect(get(target).answer).toEqual({ status: 403, body: Buffer.from('Invalid password') });
      expect(get(target).outcome).toBe('password-refused');
    }
  });

  it.each([
    ['', ['/7', '/7/']],
    ['a/b', ['/7/a/b', '/7/a%2Fb']],
    ['p w', ['/7/p%20w']],
    ['a%20b', ['/7/a%20b', '/7/a%2520b']],
    ['wörd', ['/7/w%C3%B6rd', '/7/w\u00c3\u00b6rd']],
  ])('knows the password %j', (password, targets) => {
    const request = encodePollRequest({ method: 'GET', subject: 7 }, 'h:1', password);
    const encoded = request.toString('latin1').split(' ')[1]!;
    for (const target of [encoded, ...targets]) {
      const head = Buffer.from(`GET ${target} HTTP/1.0\r\n\r\n`, 'latin1');
      expect(serve([head], { password }).answer?.body.toString()).toBe('seven');
    }
  });

  it('takes no body from who does not know the password', () => {
    const { answer, posted, exchange } = serve([Buffer.from('POST /7/x HTTP/1.1\r\nContent-Length: 9\r\n\r\n')]);
    expect([answer?.status, posted.length, exchange.hasHead]).toEqual([403, 0, true]);
  });

  it.each([
    ['POST /7/secret HTTP/1.1\r\n\r\n', 411],
    ['POST /7/secret HTTP/1.1\r\nContent-Length: 8388609\r\n\r\n', 413],
    ['POST /list/secret HTTP/1.1\r\nContent-Length: 4194305\r\n\r\n', 413],
    ['POST /7/secret HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400],
    ['POST /x/secret HTTP/1.1\r\nContent-Length: 1\r\n\r\n', 404],
    ['PUT /7/secret HTTP/1.1\r\n\r\n', 405],
    ['nonsense\r\n\r\n', 400],
  ])('refuses %j with %d', (text, status) => {
    const { answer, posted } = serve([Buffer.from(text)]);
    expect([answer?.status, posted.length]).toEqual([status, 0]);
  });

  it('refuses a post where nothing may be posted, and one that breaks the protocol', () => {
    const post = Buffer.from('POST /7/secret HTTP/1.1\r\nContent-Length: 2\r\n\r\nab');
    const service = { password: 'secret', list: () => Buffer.alloc(0), fragment: () => undefined };
    expect(new PollExchange(service).receive(post)![0]!.toString()).toMatch(/^HTTP\/1\.0 405 /);
    const take = () => {
      throw new ProtocolViolation('not so');
    };
    expect(serve([post], { take }).answer).toEqual({ status: 400, body: Buffer.from('not so') });
  });

  it('answers once, whatever comes', () => {
    const request = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('GET /list/secret HTTP/1.1\r\n\r\n', 'POST /7/secret HTTP/1.1\r\nContent-Length: 3\r\n\r\nab')
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(request, { maxLength: 6 }), (portions) => {
        const { text } = serve(portions);
        expect(text.match(/HTTP\/1\.0 \d/g)?.length ?? 0).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
