import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_CREDENTIALS } from '../../hostile/credentials.ts';
import { HOSTILE_PATHS } from '../../hostile/paths.ts';
import { askRaw, basicAuth, type HostileClient } from '../../support/hostile-client.ts';
import { CANARY, type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

let hostile: HostileNode;
beforeAll(async () => {
  hostile = await startHostileNode({ clock: hurriedClock(20) });
});
afterEach(() => hostile.expectUnharmed());
afterAll(() => hostile.close());

describe('paths', () => {
  for (const method of ['GET', 'HEAD', 'PUT']) {
    it(`of ${method} that lead nowhere have one answer for each status`, async () => {
      const outcomes: Record<string, number> = {};
      const bodies = new Map<number, Set<string>>([
        [400, new Set()],
        [404, new Set()],
      ]);
      for (const { id, target } of HOSTILE_PATHS) {
        const answer = await askRaw(hostile.port, `${method} ${target} HTTP/1.0\r\n\r\n`);
        outcomes[id] = answer.status;
        bodies.get(answer.status)?.add(answer.body.toString());
      }
      const wanted = Object.fromEntries(HOSTILE_PATHS.map(({ id, outcome }) => [id, outcome]));
      // the source mount is there for PUT
      if (method === 'PUT') Object.assign(wanted, { 'source-mount': 401 });
      expect(outcomes).toEqual(wanted);
      expect(bodies.get(404)!.size).toBe(1);
      for (const body of [...bodies.get(400)!, ...bodies.get(404)!])
        expect(body).not.toMatch(/[^\n\r\x20-\x7e]|script|passwd/);
    });
  }

  it('with a query that no query parser likes are answered', async () => {
    const queries = [
      '?',
      '??',
      '?%',
      '?%ff=%00',
      '?__proto__=x&constructor=y',
      `?${'a&'.repeat(4000)}`,
      `?${'x'.repeat(15_000)}`,
      '?mount=%ed%a0%80',
    ];
    for (const path of [
      '/',
      '/status-json.xsl',
      '/7.html',
      '/stats',
      '/victim.m3u',
      '/currentsong',
      '/api/v1/status',
    ]) {
      for (const query of queries) {
        expect(
          (await askRaw(hostile.port, `GET ${path}${query} HTTP/1.0\r\n\r\n`)).status,
          path + query.slice(0, 40),
        ).toBe(200);
      }
    }
  });
});

describe('logins', () => {
  const places = [
    'PUT /victim-in',
    'SOURCE /victim-in',
    'GET /admin/stats',
    'GET /admin/metadata?mount=/victim-in&song=x',
    'GET /admin/killsource?mount=/victim-in',
    'GET /admin.cgi?song=x',
  ];

  async function login(place: string, value: string | undefined, from: string): Promise<HostileClient> {
    const header = value === undefined ? '' : `Authorization: ${value}\r\n`;
    return askRaw(
      hostile.port,
      `${place} HTTP/1.0\r\nHost: localhost\r\nContent-Type: audio/mpeg\r\n${header}\r\n`,
      from,
    );
  }

  it('that are wrong have one and the same 401', async () => {
    let address = 10;
    for (const place of places) {
      const answers = new Set<string>();
      for (const { id, value } of HOSTILE_CREDENTIALS) {
        const answer = await login(place, value, `127.0.0.${address++}`);
        expect(answer.status, `${place} ${id}`).toBe(401);
        answers.add(answer.text.replace(/^Date: .*\r\n/m, ''));
      }
      expect(answers.size, place).toBe(1);
    }
  });

  it('are refused after ten wrong ones a minute, also when the next is right; other addresses are not', async () => {
    for (const [index, place] of places.entries()) {
      const from = `127.0.1.${index + 1}`;
      const wrong = basicAuth('source', 'wrong').slice('Authorization: '.length, -2);
      const right = basicAuth('source', CANARY).slice('Authorization: '.length, -2);
      const statuses: number[] = [];
      for (let turn = 0; turn < 12; turn++) statuses.push((await login(place, wrong, from)).status);
      expect(statuses, place).toEqual([...Array(10).fill(401), 429, 429]);
      expect((await login('PUT /victim-in', right, from)).status).toBe(429);
      expect((await login('PUT /victim-in', right, '127.0.2.1')).status).toBe(409);
    }
  });

  it('are counted for the address of the connection, whatever forwarding headers say', async () => {
    const statuses = new Set<number>();
    for (let turn = 0; turn < 11; turn++) {
      const forwarded = `X-Forwarded-For: 192.0.2.${turn}\r\nForwarded: for=192.0.2.${turn}\r\nX-Real-IP: 192.0.2.${turn}\r\n`;
      const request = `GET /admin/stats HTTP/1.0\r\nHost: localhost\r\n${forwarded}${basicAuth('admin', 'wrong')}\r\n`;
      statuses.add((await askRaw(hostile.port, request, '127.0.3.1')).status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
  });

  it('give this machine no rights: neither by its address nor by the name of another site', async () => {
    for (const host of ['localhost', '127.0.0.1', 'evil.test']) {
      for (const path of ['/admin/stats', '/admin/killsource?mount=/victim-in', '/admin/listclients?mount=/victim']) {
        const answer = await hostile.ask(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
        expect([401, 421], `${host}${path}`).toContain(answer.status);
      }
      expect((await hostile.ask(`GET /metrics HTTP/1.0\r\nHost: ${host}\r\n\r\n`)).status).toBe(
        host === 'evil.test' ? 421 : 200,
      );
    }
    const crossSite = `GET /admin/killsource?mount=/victim-in HTTP/1.0\r\nSec-Fetch-Site: cross-site\r\n${basicAuth('admin', 'x')}\r\n`;
    expect((await askRaw(hostile.port, crossSite, '127.0.4.1')).status).toBe(403);
  });
});
