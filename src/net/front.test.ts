import { afterEach, describe, expect, it } from 'vitest';
import { exchange, RawClient } from '../../test/support/raw-client.ts';
import { openTestNetwork, TestMount, type TestNetwork } from '../../test/support/test-network.ts';
import { silentLogger } from '../core/logger.ts';
import type { FrontHandle } from '../modules/network.ts';
import { clientAddressOf, clientOf } from './client-address.ts';
import type { SharedPortOptions } from './network.ts';

let open: TestNetwork | undefined;

async function start(http?: Partial<SharedPortOptions>): Promise<TestNetwork & { front: FrontHandle }> {
  open = await openTestNetwork(http);
  return { ...open, front: await open.network.front() };
}

afterEach(() => open?.network.close());

const refused = () => open!.network.counters().refusedTotal;

describe('routing', () => {
  it('gives listeners, sources and everything else to whom they belong', async () => {
    const { port, front } = await start();
    const live = new TestMount('/live');
    const studio = new TestMount('/studio');
    front.claimListener(live);
    front.claimSource(studio);
    expect(await exchange(port, 'GET /live?a=b HTTP/1.1\r\nIcy-MetaData: 1\r\n\r\n')).toContain('hello /live');
    expect(live.accepted[0]).toMatchObject({ path: '/live', clientAddress: '127.0.0.1', secure: false });
    expect(live.accepted[0]!.query.get('a')).toBe('b');
    expect(await exchange(port, 'HEAD /live HTTP/1.0\n\n')).toContain('hello');
    expect(await exchange(port, 'SOURCE /studio ICE/1.0\nx: y\n\naudio')).toContain('hello /studio');
    expect(studio.accepted[0]!.rest.toString()).toBe('audio');
    expect(await exchange(port, 'PUT /studio HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('hello /studio');
    expect(await exchange(port, 'GET /studio HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('node:http GET /studio');
    expect(await exchange(port, 'SOURCE /live HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.0 404 /);
    expect(await exchange(port, 'PUT /live HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.0 404 /);
  });

  it('tells once of a source whose mount is not there, and of those that are', async () => {
    const told: string[] = [];
    open = await openTestNetwork({}, { ...silentLogger, warn: (message) => told.push(message) });
    (await open.network.front()).claimSource(new TestMount('/studio'));
    const send = (path: string) => exchange(open!.port, `PUT ${path} HTTP/1.1\r\n\r\n`);
    for (const path of ['/stuido', '/stuido', '/other']) expect(await send(path)).toMatch(/^HTTP\/1.0 404 /);
    expect(told).toEqual([
      'a source at 127.0.0.1 was refused: there is no mount /stuido for sources; there is: /studio',
      'a source at 127.0.0.1 was refused: there is no mount /other for sources; there is: /studio',
    ]);
    for (let i = 0; i < 30; i++) await send(`/stranger-${i}`);
    expect(told).toHaveLength(20);
  });

  it('knows aliases, the semicolon of Winamp and the mount of every path', async () => {
    const { port, front } = await start({ aliases: new Map([['/old.mp3', '/live']]) });
    front.claimListener(new TestMount('/live'));
    front.claimListener(new TestMount('/a;b'));
    const get = (path: string) => exchange(port, `GET ${path} HTTP/1.0\r\n\r\n`);
    expect(await get('/old.mp3')).toContain('hello /live');
    expect(await get('/live/;stream.mp3')).toContain('hello /live');
    expect(await get('/live;')).toContain('hello /live');
    expect(await get('/a;b')).toContain('hello /a;b');
    expect(await get('/other')).toContain('node:http');
    const every = new TestMount('*');
    const giveBack = front.claimListener(every);
    for (const path of ['/', '/other', '/;', '/any.mp3']) expect(await get(path)).toContain(`hello ${path}`);
    for (const path of ['/api/v1/status', '/metrics', '/admin/stats', '/stats?sid=1', '/favicon.ico', '/7.html']) {
      expect(await get(path)).toContain('node:http');
    }
    giveBack();
    expect(await get('/other')).toContain('node:http');
  });

  it('refuses a mount that is claimed twice and takes it again when it was given back', async () => {
    const { front } = await start();
    const giveBack = front.claimListener(new TestMount('/live'));
    expect(() => front.claimListener(new TestMount('/live'))).toThrow('/live is claimed twice');
    giveBack();
    front.claimListener(new TestMount('/live'));
    giveBack();
    expect(() => front.claimListener(new TestMount('/live'))).toThrow('claimed twice');
  });

  it('answers JSON paths', async () => {
    const { port, front } = await start();
    const giveBack = front.claimJson(['/stats'], () => ({ connected: 1 }));
    front.claimJson(['/stats'], () => ({ second: true }));
    expect(await exchange(port, 'GET /stats HTTP/1.0\r\n\r\n')).toMatch(
      /application\/json[\s\S]*\r\n\r\n{"connected":1}$/,
    );
    giveBack();
    expect(await exchange(port, 'GET /stats HTTP/1.0\r\n\r\n')).toContain('{"second":true}');
    expect(await exchange(port, 'HEAD /stats HTTP/1.0\r\n\r\n')).toMatch(/Content-Length: 15[\s\S]*\r\n\r\n$/);
  });

  it('answers OPTIONS and goes on with the connection', async () => {
    const { port, front } = await start();
    front.claimListener(new TestMount('/live'));
    const client = await RawClient.open(port, 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\nOPTIONS /live HTTP/1.1\r\n\r\n');
    const text = await client.until('Max-Age');
    expect(text).toMatch(
      /^HTTP\/1.1 200 OK\r\nAllow: GET, HEAD, PUT, OPTIONS, SOURCE\r\n[\s\S]*\r\n\r\nHTTP\/1.1 204 /,
    );
    expect(text).toContain('Access-Control-Allow-Origin: *');
    client.send('GET /live HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await client.untilClosed()).toContain('hello /live');
    expect(await exchange(port, 'OPTIONS /api/x HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('node:http OPTIONS /api/x');
  });
});

describe('the node:http side', () => {
  it('gets the bytes untouched and one request a connection', async () => {
    const { port, requests } = await start();
    const body = 'x'.repeat(1000);
    const post = `POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const client = await RawClient.open(port);
    for (const part of post.match(/[\s\S]{1,100}/g)!) client.send(part);
    const text = await client.untilClosed();
    expect(text).toMatch(/^HTTP\/1.1 200 OK/);
    expect(text.toLowerCase()).toContain('connection: close');
    expect(requests).toHaveLength(1);
    expect(clientAddressOf(requests[0]!)).toBe('127.0.0.1');
  });

  it('does not answer a second request that passed the front unseen', async () => {
    const { port, requests } = await start();
    const text = await exchange(port, 'GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(text).toContain('node:http GET /a');
    expect(text).not.toContain('node:http GET /b');
    expect(requests).toHaveLength(1);
  });

  it('believes a trusted proxy only', async () => {
    const request =
      'GET /x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n';
    const plain = await start();
    await exchange(plain.port, request);
    expect(clientOf(plain.requests[0]!)).toEqual({ address: '127.0.0.1', secure: false });
    plain.network.close();
    const proxied = await start({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
    await exchange(proxied.port, request);
    expect(clientOf(proxied.requests[0]!)).toEqual({ address: '1.2.3.4', secure: true });
  });
});

describe('bad and hostile clients', () => {
  it.each([
    ['GET / HTTP/1.1\r\nA : b\r\n\r\n', 400],
    ['GET /../x HTTP/1.1\r\n\r\n', 400],
    ['TRACE / HTTP/1.1\r\n\r\n', 405],
    ['GET / HTTP/2.0\r\n\r\n', 505],
    [`GET / HTTP/1.1\r\nA: ${'x'.repeat(20_000)}`, 431],
  ])('answers %j', async (request, status) => {
    const { port } = await start();
    expect(await exchange(port, request)).toMatch(new RegExp(`^HTTP/1.0 ${status} `));
    expect(refused()).toEqual({ 'bad-head': 1 });
  });

  it('closes a TLS handshake where there is no TLS', async () => {
    const { port } = await start();
    expect(await exchange(port, '\x16\x03\x01\x00')).toBe('');
    expect(refused()).toEqual({ 'no-tls': 1 });
  });

  it('closes slow heads, whole or empty, at ten seconds', async () => {
    const { port, clock, network } = await start();
    const begun = await RawClient.open(port, 'GET / HT');
    const silent = await RawClient.open(port);
    while (network.counters().connections < 2) await new Promise(setImmediate);
    // Its answer shows that what came before it was read.
    await exchange(port, 'GET / HTTP/1.0\r\n\r\n');
    clock.advance(9_999);
    expect([begun.closed, silent.closed]).toEqual([false, false]);
    clock.advance(1);
    expect(await begun.untilClosed()).toMatch(/^HTTP\/1.0 408 /);
    expect(await silent.untilClosed()).toBe('');
    expect(refused()).toEqual({ 'slow-head': 2 });
  });

  it('leaves no timer when clients go away', async () => {
    const { port, clock, network } = await start();
    const client = await RawClient.open(port, 'GET / HT');
    while (network.counters().connections < 1) await new Promise(setImmediate);
    client.close();
    while (network.counters().connections > 0) await new Promise(setImmediate);
    expect(clock.pendingCount).toBe(0);
  });

  it('denies addresses and agents', async () => {
    const denied = await start({ deny: { addresses: ['127.0.0.1'], agents: [] } });
    expect(await exchange(denied.port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.0 403 /);
    denied.network.close();
    const { port, front } = await start({ deny: { addresses: [], agents: ['BadBot'] } });
    front.claimListener(new TestMount('/live'));
    expect(await exchange(port, 'GET /live HTTP/1.0\r\nUser-Agent: a badbot/1\r\n\r\n')).toMatch(/^HTTP\/1.0 403 /);
    expect(await exchange(port, 'GET /live HTTP/1.0\r\nUser-Agent: vlc\r\n\r\n')).toContain('hello');
  });

  it('limits connections and listeners of an address and counts down again', async () => {
    const limits = { connections: 100, connectionsPerAddress: 3, listenersPerAddress: 1 };
    const { port, front, network } = await start({ limits });
    const live = new TestMount('/live');
    live.onAccept = ({ socket }) => socket.write('HTTP/1.0 200 OK\r\n\r\n');
    front.claimListener(live);
    const first = await RawClient.open(port, 'GET /live HTTP/1.0\r\n\r\n');
    await first.until('200 OK');
    expect(await exchange(port, 'GET /live HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.0 403 /);
    const idle = [await RawClient.open(port), await RawClient.open(port)];
    expect(await exchange(port, '')).toMatch(/^HTTP\/1.0 503 /);
    for (const client of [...idle, first]) client.close();
    live.accepted[0]!.socket.resume();
    while (network.counters().connections > 0) await new Promise(setImmediate);
    const again = await RawClient.open(port, 'GET /live HTTP/1.0\r\n\r\n');
    await again.until('200 OK');
    expect(refused()).toEqual({ 'listeners-per-address': 1, 'limit-per-address': 1 });
  });

  it('outlives a mount that throws', async () => {
    const { port, front } = await start();
    const live = new TestMount('/live');
    live.onAccept = () => {
      throw new Error('broken');
    };
    front.claimListener(live);
    expect(await exchange(port, 'GET /live HTTP/1.0\r\n\r\n')).toBe('');
    expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toContain('node:http');
  });
});

describe('sources', () => {
  const login = (password: string) =>
    `SOURCE /studio HTTP/1.0\r\nAuthorization: Basic ${Buffer.from(`source:${password}`).toString('base64')}\r\n\r\n`;

  it('are refused for a minute after ten wrong passwords', async () => {
    const { port, front, clock } = await start();
    front.claimSource(new TestMount('/studio'));
    for (let n = 0; n < 10; n++) await exchange(port, login('wrong'));
    expect(await exchange(port, login('secret'))).toMatch(/^HTTP\/1.0 429 [\s\S]*Retry-After: 60/);
    clock.advance(60_000);
    expect(await exchange(port, login('secret'))).toContain('hello');
  });

  it('may use a connection again after a probe', async () => {
    const { port, front } = await start();
    const studio = new TestMount('/studio');
    studio.onAccept = (request) => {
      if (request.head.headers.has('authorization')) return void request.socket.end('HTTP/1.1 200 OK\r\n\r\n');
      request.socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      request.reuse(request.rest);
    };
    front.claimSource(studio);
    const client = await RawClient.open(port, `PUT /studio HTTP/1.1\r\nContent-Length: 0\r\n\r\n`);
    await client.until('401');
    client.send(login('secret'));
    studio.accepted[1]?.socket.resume();
    expect(await client.until('200 OK')).toContain('401');
    client.close();
  });

  it('lose a connection that is not used again', async () => {
    const { port, front, clock } = await start();
    const studio = new TestMount('/studio');
    studio.onAccept = (request) => {
      request.socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      request.reuse(request.rest);
    };
    front.claimSource(studio);
    const client = await RawClient.open(port, 'PUT /studio HTTP/1.1\r\nContent-Length: 0\r\n\r\n');
    await client.until('401');
    clock.advance(14_999);
    expect(client.closed).toBe(false);
    clock.advance(1);
    await client.untilClosed();
    expect(clock.pendingCount).toBe(0);
  });
});

describe('a socket that was handed over', () => {
  it('has no listeners of the front but those that count it', async () => {
    const { port, front } = await start();
    const live = new TestMount('/live');
    live.onAccept = () => {};
    front.claimListener(live);
    const client = await RawClient.open(port, 'GET /live HTTP/1.0\r\n\r\nmore');
    while (live.accepted.length === 0) await new Promise(setImmediate);
    const { socket, rest } = live.accepted[0]!;
    expect(rest.toString()).toBe('more');
    expect(socket.isPaused()).toBe(true);
    expect(socket.listenerCount('data')).toBe(0);
    expect(socket.listenerCount('error')).toBe(1);
    expect(socket.listenerCount('close')).toBe(2);
    client.close();
  });
});
