import { afterEach, describe, expect, it } from 'vitest';
import { type FakeListenerMount, type FakeNodeView, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, type Question, serve } from '../../../test/support/http-client.ts';
import { DistreamError } from '../../core/errors.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { ConfigSteering } from '../steer/config-steering.ts';
import { openApiDocument } from './openapi.ts';
import { createRequestListener, nodeRoutes } from './router.ts';

let harness: HttpHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

async function start(view: FakeNodeView = fakeNodeView()) {
  const failures = new FailureLimiter({ clock: view.clock, limit: 5 });
  harness = await serve(createRequestListener(view, { failures }));
  return { view, ask: harness.ask };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const order = (body: unknown, question: Question = { login: 'admin:secret' }): Question => ({
  method: 'POST',
  ...question,
  headers: { ...JSON_TYPE, ...question.headers },
  body: JSON.stringify(body),
});
const OWN = { 'sec-fetch-site': 'same-origin' };

async function signIn(ask: HttpHarness['ask'], question: Question = {}): Promise<string> {
  const reply = await ask('/api/v1/session', order({ password: 'secret' }, question));
  expect(reply.status).toBe(204);
  return reply.headers['set-cookie']![0]!.split(';')[0]!;
}

describe('a session', () => {
  it('makes an administrator of a browser until it signs out', async () => {
    const { ask } = await start();
    expect(JSON.parse((await ask('/api/v1/me')).body)).toEqual({
      role: 'listener',
      canSignIn: true,
      publicView: 'full',
      demo: false,
    });
    const cookie = await signIn(ask);
    const me = await ask('/api/v1/me', { headers: { cookie, 'x-forwarded-prefix': '/radio/' } });
    expect(JSON.parse(me.body)).toMatchObject({ role: 'admin', user: 'admin', pathPrefix: '/radio' });
    expect((await ask('/api/v1/log', { headers: { cookie } })).status).toBe(200);
    expect((await ask('/api/v1/session', { method: 'DELETE', headers: { cookie, ...OWN } })).status).toBe(204);
    expect((await ask('/api/v1/log', { headers: { cookie } })).status).toBe(401);
    expect((await ask('/api/v1/status', { headers: { cookie } })).body).not.toContain('10.0.0.7');
  });

  it('has a cookie that goes over TLS only where it came so, under the path of the proxy', async () => {
    const { ask } = await start();
    const headers = { 'x-forwarded-prefix': '/radio', origin: 'https://radio.example:8000' };
    const reply = await ask('/api/v1/session', order({ password: 'secret' }, { secure: true, headers }));
    expect(reply.headers['set-cookie']![0]).toMatch(/Path=\/radio\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
  });

  it('is refused for wrong passwords, and altogether after too many', async () => {
    const { ask, view } = await start();
    for (let tries = 0; tries < 5; tries++) {
      expect((await ask('/api/v1/session', order({ password: 'wrong' }, {}))).status).toBe(401);
    }
    const blocked = await ask('/api/v1/session', order({ password: 'secret' }, {}));
    expect(blocked).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
    view.clock.advance(60_000);
    await signIn(ask);
    expect(JSON.stringify(view.events.entries())).not.toMatch(/"wrong"|secret/);
  });
});

describe('pages of other sites', () => {
  it.each([
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-site'],
    ['origin', 'https://evil.example'],
    ['origin', 'null'],
    ['x-nothing', 'an old browser that tells nothing'],
  ])('steer nothing by a cookie: %s %s', async (name, value) => {
    const { ask, view } = await start();
    const cookie = await signIn(ask);
    const question = { headers: { cookie, [name]: value } };
    expect((await ask('/api/v1/streams/morning/input', order({ action: 'stop' }, question))).status).toBe(403);
    expect(view.steeredStreams.get('morning')!.orders).toEqual([]);
  });

  it('cannot send what counts as JSON without being asked first', async () => {
    const { ask } = await start();
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
    ]) {
      const question = { login: 'admin:secret', headers: { 'content-type': type } };
      expect((await ask('/api/v1/streams/morning/input', order({ action: 'stop' }, question))).status).toBe(415);
    }
  });

  it('are told apart from those behind a proxy with another name', async () => {
    const { ask } = await start();
    const cookie = await signIn(ask);
    const headers = { cookie, origin: 'https://radio.example.org', 'x-forwarded-host': 'radio.example.org' };
    expect((await ask('/api/v1/streams/morning/input', order({ action: 'stop' }, { headers }))).status).toBe(204);
  });
});

describe('steering', () => {
  it('does what is asked and logs who asked', async () => {
    const { ask, view } = await start();
    const orders: [path: string, body: unknown, done: unknown[]][] = [
      ['input', { action: 'restart' }, ['input', 0, 'restart']],
      ['input', { action: 'stop', index: 1 }, ['input', 1, 'stop']],
      ['fallback', { active: true }, ['fallback', true]],
      ['outputs/1', { action: 'start' }, ['output', 1, 'start']],
      ['title', { title: 'a\r\n\u202eb' }, ['title', { title: 'a b' }]],
    ];
    for (const [path, body, done] of orders) {
      expect([path, (await ask(`/api/v1/streams/morning/${path}`, order(body))).status]).toEqual([path, 204]);
      expect(view.steeredStreams.get('morning')!.orders.at(-1)).toEqual(done);
      const entry = view.events.entries().at(-1)!;
      expect(entry).toMatchObject({ stream: 'morning', detail: { address: '203.0.113.9' } });
      expect(entry.text).toMatch(/^admin \w/);
    }
  });

  it('disconnects listeners and sources', async () => {
    const { ask, view } = await start();
    const { listeners } = JSON.parse((await ask('/api/v1/streams/morning/listeners', { login: 'admin:secret' })).body);
    const path = `/api/v1/streams/morning/listeners/${listeners[0].id}`;
    expect((await ask(path, { method: 'DELETE', login: 'admin:secret' })).status).toBe(204);
    expect((view.listeners[0] as FakeListenerMount).kicked).toEqual([1]);
    for (const id of ['2-L2xpdmUubXAz', '1-AAAA', '1', 'x', '1-%2e%2e']) {
      const reply = await ask(`/api/v1/streams/morning/listeners/${id}`, { method: 'DELETE', login: 'admin:secret' });
      expect([id, reply.status]).toEqual([id, 404]);
    }
    const kick = await ask('/api/v1/streams/morning/source', { method: 'DELETE', login: 'admin:secret' });
    expect([kick.status, view.sources[0]]).toMatchObject([204, { killed: 1 }]);
  });

  it('says what is missing, and refuses what does not fit', async () => {
    const { ask, view } = await start();
    const stream = view.steeredStreams.get('morning')!;
    const input = '/api/v1/streams/morning/input';
    expect((await ask('/api/v1/streams/none/input', order({ action: 'stop' }))).status).toBe(404);
    for (const body of [{}, [], null, 'stop', { action: 'explode' }, { action: 'stop', more: 1 }, { index: 0 }]) {
      expect((await ask(input, order(body))).status).toBe(422);
    }
    const raw = (body: string) => ask(input, { ...order({}), body });
    expect((await raw('{')).status).toBe(400);
    expect((await raw('['.repeat(50_000))).status).toBe(400);
    expect((await raw(`"${'x'.repeat(70_000)}"`)).status).toBe(413);
    expect((await raw('{"__proto__":{"action":"stop"}}')).status).toBe(422);
    expect(stream.orders).toEqual([]);
    stream.outcome = 'unsupported';
    expect((await ask('/api/v1/streams/morning/title', order({ title: 'x' }))).status).toBe(409);
  });
});

describe('the configuration', () => {
  it('is told wrong in the words of `distream check`', async () => {
    const view = fakeNodeView();
    const source = {
      text: '',
      read: () => Promise.reject(new DistreamError('USAGE', { reason: 'no such key' })),
      describe: (error: unknown) => `error: ${(error as Error).message}`,
    };
    const user = { current: () => ({}) as never, use: () => Promise.resolve() };
    const { ask } = await start({ ...view, configuration: new ConfigSteering(source, user) });
    for (const path of ['/api/v1/config/preview', '/api/v1/config/reload']) {
      const reply = await ask(path, { method: 'POST', login: 'admin:secret' });
      expect([reply.status, JSON.parse(reply.body).detail]).toEqual([422, 'error: no such key']);
    }
  });

  it('gives a new key each time', async () => {
    const { ask } = await start();
    const make = async () => JSON.parse((await ask('/api/v1/keys', { method: 'POST', login: 'admin:secret' })).body);
    const first = await make();
    expect(first).toMatchObject({ privateKey: /^dskey_/.source && expect.stringMatching(/^dskey_/) });
    expect(first.publicKey).toMatch(/^dspub_/);
    expect((await make()).privateKey).not.toBe(first.privateKey);
  });
});

describe('the public view', () => {
  it('tells strangers only what listeners need, or nothing', async () => {
    const view = fakeNodeView();
    view.publicView = 'reduced';
    const { ask } = await start(view);
    const { streams } = JSON.parse((await ask('/api/v1/status')).body);
    expect(Object.keys(streams[0])).toEqual(['name', 'state', 'since', 'metadata', 'listen']);
    expect(streams[0].listen).toEqual([{ path: '/live.mp3', port: undefined }].map(({ path }) => ({ path })));
    for (const what of ['history', 'listeners', 'titles']) {
      expect((await ask(`/api/v1/streams/morning/${what}`)).status).toBe(401);
      expect((await ask(`/api/v1/streams/morning/${what}`, { login: 'admin:secret' })).status).toBe(200);
    }
    view.publicView = 'off';
    expect((await ask('/api/v1/status')).status).toBe(401);
    expect((await ask('/api/v1/events')).status).toBe(401);
    expect((await ask('/api/v1/me')).status).toBe(200);
    for (const path of ['/status-json.xsl', '/7.html', '/stats', '/currentsong']) {
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
      expect((await ask(path, { login: 'admin:secret' })).status).toBe(200);
    }
    expect((await ask('/live.mp3.m3u')).status).toBe(200);
  });

  it('counts listeners by player for strangers, without addresses', async () => {
    const { ask } = await start();
    const { body } = await ask('/api/v1/streams/morning/listeners');
    expect(JSON.parse(body)).toEqual({ total: 1, players: [{ player: 'VLC', count: 1 }] });
  });
});

describe('/api/v1/openapi.json', () => {
  it('describes every operation of the router, with what it takes and answers', () => {
    const document = openApiDocument(nodeRoutes()) as { paths: Record<string, Record<string, never>> };
    const described = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length;
    expect(described).toBe(nodeRoutes().filter(({ operation }) => operation).length);
    expect(Object.keys(document.paths)).toContain('/api/v1/streams/{NAME}/outputs/{INDEX}');
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
