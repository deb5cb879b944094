import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { type FakeNodeView, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, type Question, serve } from '../../../test/support/http-client.ts';
import { silentLogger } from '../../core/logger.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { Access } from '../access/access.ts';
import type { Role, Route } from './route.ts';
import { createRequestListener, nodeRoutes } from './router.ts';

/** Every route that may exist and who may ask. A new route must be added here. */
const POLICY: Record<string, Role> = {
  '/': 'public',
  '/index.html': 'public',
  '/streams/*': 'public',
  '/listen/*': 'public',
  '/listen/widget.js': 'public',
  '/tracks': 'public',
  '/swarm': 'public',
  '/steer': 'public',
  '/sign-in': 'public',
  '/status': 'public',
  '/app/*': 'public',
  '/robots.txt': 'public',
  '/favicon.svg': 'public',
  '/favicon.ico': 'public',
  '/api/v1/status': 'viewer',
  '/api/v1/me': 'guest',
  'POST /api/v1/session': 'public',
  'DELETE /api/v1/session': 'guest',
  '/api/v1/events': 'viewer',
  '/api/v1/log': 'admin',
  '/api/v1/streams/*/history': 'viewer',
  '/api/v1/streams/*/listeners': 'viewer',
  '/api/v1/streams/*/titles': 'viewer',
  '/api/v1/swarm': 'viewer',
  '/api/v1/swarm/events': 'viewer',
  '/status/': 'viewer',
  '/api/v1/tracks': 'viewer',
  '/api/v1/tracks/events': 'viewer',
  '/api/v1/takes': 'admin',
  '/api/v1/takes/*': 'admin',
  '/api/v1/takes/*/*': 'admin',
  '/api/v1/openapi.json': 'public',
  'POST /api/v1/streams/*/input': 'admin',
  'POST /api/v1/streams/*/fallback': 'admin',
  'POST /api/v1/streams/*/outputs/*': 'admin',
  'POST /api/v1/streams/*/title': 'admin',
  'DELETE /api/v1/streams/*/listeners/*': 'admin',
  'DELETE /api/v1/streams/*/source': 'admin',
  'POST /api/v1/config/preview': 'admin',
  'POST /api/v1/config/reload': 'admin',
  'POST /api/v1/keys': 'admin',
  '/api/v1/streams/*/ledger': 'admin',
  '/metrics': 'local',
  '/status-json.xsl': 'public',
  '/status.xsl': 'public',
  '/admin/stats': 'admin',
  '/admin/stats.xml': 'admin',
  '/admin/stats.json': 'admin',
  '/admin/listmounts': 'admin',
  '/admin/streamlist': 'admin',
  '/admin/streamlist.txt': 'admin',
  '/admin/listclients': 'admin',
  '/admin/buildm3u': 'admin',
  '/admin/killclient': 'admin',
  '/admin/killsource': 'admin',
  '/admin/moveclients': 'admin',
  '/admin/metadata': 'source',
  '/admin.cgi': 'source',
  '/7.html': 'public',
  '/stats': 'public',
  '/currentsong': 'public',
  '/*.m3u': 'public',
  '/*.pls': 'public',
  '/*.xspf': 'public',
};

/** Whether an asker passes, by role. */
const ASKERS: Record<string, { question: Question; passes: readonly Role[] }> = {
  stranger: { question: {}, passes: ['public', 'guest', 'viewer'] },
  'a stranger with a wrong password': { question: { login: 'admin:wrong' }, passes: ['public'] },
  'a source': { question: { login: 'source:hackme2' }, passes: ['public', 'source'] },
  'a neighbour': { question: { from: '192.168.1.7' }, passes: ['public', 'guest', 'viewer', 'local'] },
  'this machine': {
    question: { from: '127.0.0.1', headers: { host: 'localhost:8000' } },
    passes: ['public', 'guest', 'viewer', 'local', 'machine'],
  },
  'a proxy on this machine that is not trusted': {
    question: { from: '127.0.0.1', headers: { host: 'localhost', 'x-forwarded-for': '203.0.113.9' } },
    passes: ['public', 'guest', 'viewer'],
  },
  'the administrator': {
    question: { login: 'admin:secret' },
    passes: ['public', 'guest', 'viewer', 'local', 'machine', 'source', 'admin'],
  },
};

let harness: HttpHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

async function start(view: FakeNodeView = fakeNodeView(), extraRoutes: readonly Route[] = []): Promise<HttpHarness> {
  const failures = new FailureLimiter({ clock: view.clock, limit: 100 });
  harness = await serve(createRequestListener(view, { failures, extraRoutes }));
  return harness;
}

/** How the policy calls a route. */
function nameOf({ path, methods, operation }: Route): string {
  return operation && methods[0] !== 'GET' ? `${methods[0]} ${path}` : path;
}

/** A path that a route answers well. */
function samplePath({ path }: Route): string {
  const query = path === '/admin/killclient' ? '?mount=/live.mp3&id=1' : '?mount=/live.mp3&song=x&pass=';
  return `${path.replace('/*/', '/morning/').replace('/*', '/live.mp3')}${query}`;
}

describe('the route table', () => {
  it('holds the declared routes and no other', () => {
    expect(Object.fromEntries(nodeRoutes().map((route) => [nameOf(route), route.role]))).toEqual(POLICY);
  });

  it('lets other sites read public answers only', () => {
    expect(nodeRoutes().filter(({ role, cors }) => cors && role !== 'public')).toEqual([]);
    expect(nodeRoutes().filter(({ path, cors }) => cors && /^\/(api|admin)/.test(path))).toEqual([]);
  });

  it.each(Object.entries(ASKERS))('answers every route as %s may', async (_, { question, passes }) => {
    const { ask } = await start();
    // What is without end, what signs in, and the files that a build makes, have tests of their own.
    const others = [
      '/api/v1/events',
      '/api/v1/tracks/events',
      '/api/v1/swarm/events',
      '/api/v1/session',
      '/app/*',
      '/listen/widget.js',
    ];
    const asked = nodeRoutes().filter(({ path }) => !others.includes(path));
    for (const route of asked) {
      const method = route.operation ? route.methods[0]! : 'GET';
      const reply = await ask(samplePath(route), { ...question, method });
      expect([route.path, reply.status === 401]).toEqual([route.path, !passes.includes(route.role)]);
      if (reply.status === 401 && route.operation && !route.operation.isPlain) {
        expect(reply.headers['www-authenticate']).toBe('Bearer realm="distream"');
        expect(JSON.parse(reply.body)).toMatchObject({ status: 401, title: 'You need to sign in' });
      } else if (reply.status === 401) {
        expect(reply.headers['www-authenticate']).toMatch(/^Basic realm=/);
        expect(reply.body).toBe('You need to authenticate\r\n');
      } else if (method === 'GET') {
        // This node has no takes.
        const none = route.path.startsWith('/api/v1/takes/') ? 404 : 501;
        expect([route.path, reply.status]).toEqual([route.path, expect.toSatisfy((s) => s < 400 || s === none)]);
      }
    }
  });
});

describe('every answer', () => {
  it('closes the connection and tells browsers to trust nothing else', async () => {
    const { ask } = await start();
    for (const path of ['/', '/api/v1/status', '/nothing', '/admin/stats', '/app/none.js', '/%zz', '/../x']) {
      const { headers } = await ask(path);
      expect(headers).toMatchObject({
        connection: 'close',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
    }
  });

  it('gives CORS to status-json.xsl and none to the API and the administration', async () => {
    const { ask } = await start();
    const headers = { origin: 'https://evil.example' };
    expect((await ask('/status-json.xsl', { headers })).headers['access-control-allow-origin']).toBe('*');
    const preflight = await ask('/status-json.xsl', { method: 'OPTIONS', headers });
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-methods': 'GET, HEAD' } });
    for (const path of ['/api/v1/status', '/admin/stats', '/admin/metadata', '/metrics', '/']) {
      for (const method of ['GET', 'OPTIONS']) {
        const reply = await ask(path, { headers, method, login: 'admin:secret' });
        expect(reply.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  it('is empty for HEAD, with the same length', async () => {
    const { ask } = await start();
    const whole = await ask('/status-json.xsl');
    const head = await ask('/status-json.xsl', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(whole.headers['content-length']);
  });

  it('says which methods there are', async () => {
    const { ask } = await start();
    for (const method of ['DELETE', 'TRACE', 'PATCH', 'POST']) {
      const reply = await ask('/api/v1/status', { method });
      expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
    }
    // A crawler's HEAD must not disconnect anybody.
    expect((await ask('/admin/killsource?mount=/studio', { method: 'HEAD', login: 'admin:secret' })).status).toBe(405);
    expect((await ask('/nothing')).status).toBe(404);
  });

  it('is a plain error when a handler fails, without the reason', async () => {
    const handle = () => {
      throw new Error('secret reason');
    };
    const { ask } = await start(undefined, [{ path: '/broken', methods: ['GET'], role: 'public', handle }]);
    const reply = await ask('/broken');
    expect(reply.status).toBe(500);
    expect(reply.body).not.toContain('secret');
  });

  it('survives an answer that HTTP cannot carry, and logs no query, which may hold a password', async () => {
    const errors: string[] = [];
    const log = { ...silentLogger, error: (message: string) => void errors.push(message) };
    const handle = () => ({ status: 200, contentType: 'text/plain', body: '', headers: { 'X-Title': 'a\r\nb' } });
    const extra: Route[] = [{ path: '/broken', methods: ['GET'], role: 'public', handle }];
    const { ask } = await start({ ...fakeNodeView(), log }, extra);
    expect((await ask('/broken?pass=canary')).status).toBe(500);
    expect((await ask('/')).status).toBe(200);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('GET /broken failed');
  });

  it('never replaces a route of the node by an extra one', async () => {
    const handle = () => ({ status: 200, contentType: 'text/plain', body: 'mine' });
    const extra = ['/extra', '/admin/stats'].map((path): Route => ({ path, methods: ['GET'], role: 'public', handle }));
    const { ask } = await start(undefined, extra);
    expect((await ask('/extra')).body).toBe('mine');
    expect((await ask('/admin/stats')).status).toBe(401);
  });
});

describe('the administration', () => {
  it('refuses pages of other sites, also with the password', async () => {
    const { ask } = await start();
    for (const path of ['/admin/killsource?mount=/studio', '/admin/metadata?mount=/studio&song=x', '/metrics']) {
      const question = { login: 'admin:secret', headers: { 'sec-fetch-site': 'cross-site' } };
      expect((await ask(path, question)).status).toBe(403);
    }
    expect((await ask('/admin/stats', { login: 'admin:secret', headers: { 'sec-fetch-site': 'none' } })).status).toBe(
      200,
    );
  });

  it('refuses a name that was pointed at this machine', async () => {
    const { ask } = await start();
    const at = (host: string) => ({ login: 'admin:secret', from: '127.0.0.1', headers: { host } });
    expect((await ask('/admin/stats', at('evil.test'))).status).toBe(421);
    expect((await ask('/metrics', at('evil.test'))).status).toBe(421);
    for (const host of ['localhost:8000', '127.0.0.1', '[::1]:8000', 'x.localhost']) {
      expect((await ask('/admin/stats', at(host))).status).toBe(200);
    }
  });

  it('bears no more than so many wrong passwords from one address', async () => {
    const view = fakeNodeView();
    const failures = new FailureLimiter({ clock: view.clock, limit: 3 });
    harness = await serve(createRequestListener(view, { failures }));
    const paths = ['/admin/stats', '/api/v1/status', '/admin/metadata?mount=/studio&song=x'];
    for (const path of paths) expect((await harness.ask(path, { login: 'admin:wrong' })).status).toBe(401);
    const blocked = await harness.ask('/admin/stats', { login: 'admin:secret' });
    expect(blocked).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
    expect((await harness.ask('/status-json.xsl')).status).toBe(200);
    expect((await harness.ask('/admin/stats', { login: 'admin:secret', from: '203.0.113.10' })).status).toBe(200);
    view.clock.advance(61_000);
    expect((await harness.ask('/admin/stats', { login: 'admin:secret' })).status).toBe(200);
  });

  it('is open to nobody when the password is empty', async () => {
    const admin = () => ({ user: 'admin', password: '' });
    const access = new Access({ clock: new FakeClock(), admin, passwords: () => new Map() });
    const view = fakeNodeView({ access });
    const { ask } = await start(view);
    expect((await ask('/admin/stats', { login: 'admin:' })).status).toBe(401);
  });

  it('answers malformed credentials like missing ones', async () => {
    const { ask } = await start();
    for (const authorization of ['Basic', 'Basic !!!', 'Basic YWRtaW4=', `Basic ${'QUFB'.repeat(3000)}`, 'Bearer x']) {
      expect(await ask('/admin/stats', { headers: { authorization } })).toMatchObject({ status: 401 });
    }
  });
});

describe('forms', () => {
  it('are refused when they are longer than 64 KiB', async () => {
    const { ask } = await start();
    const question = { method: 'POST', login: 'admin:secret', body: `mount=/studio&song=${'x'.repeat(65_536)}` };
    expect((await ask('/admin/metadata', question)).status).toBe(413);
  });

  it('are refused when they do not come', async () => {
    const view = fakeNodeView();
    const { port } = await start(view);
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Basic ${btoa('admin:secret')}`, 'content-length': '10' };
      const sent = httpRequest({ port, method: 'POST', path: '/admin/metadata', headers }, (reply) => {
        resolve(reply.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.write('mount');
      const timer = setInterval(() => {
        if (view.clock.pendingCount === 0) return;
        clearInterval(timer);
        view.clock.advance(10_000);
      }, 1);
    });
    expect(status).toBe(408);
  });
});
