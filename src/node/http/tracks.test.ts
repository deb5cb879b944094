import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type FakeNodeView, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, type Question, serve } from '../../../test/support/http-client.ts';
import { takeTrack } from '../../../test/support/take-track.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import type { Take } from '../../tracks/proof/take-schema.ts';
import { takeViewSchema } from '../../tracks/takes/schema.ts';
import { TakeLibrary } from '../../tracks/takes/take-library.ts';
import { tracksSchema } from '../../tracks/view/schema.ts';
import { rangeOf } from './file-download.ts';
import { createRequestListener } from './router.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-routes-takes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let harness: HttpHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const NAME = '2026-11-21T20-00-00Z';
const FILE = 'Größe "1".wav';
const BYTES = 'RIFF0123456789';
const take: Take = {
  version: 1,
  session: { id: NAME, name: '<script>alert(1)</script>' },
  startUtc: '2026-11-21T20:00:00.000Z',
  clocks: {},
  tracks: [takeTrack({ name: 'Drums', file: FILE, verdict: { kind: 'unproven', words: 'not compared' } })],
  verdict: { isIdentical: false, words: 'not compared' },
};
mkdirSync(join(folder, NAME));
writeFileSync(join(folder, NAME, 'take.json'), JSON.stringify(take));
writeFileSync(join(folder, NAME, FILE), BYTES);
writeFileSync(join(folder, NAME, 'other.wav'), 'other');

async function start(changes: Parameters<typeof fakeNodeView>[0] = {}) {
  const view: FakeNodeView = fakeNodeView({ takes: new TakeLibrary(folder), ...changes });
  harness = await serve(createRequestListener(view, { failures: new FailureLimiter({ clock: view.clock, limit: 5 }) }));
  return { view, ask: harness.ask };
}

const ADMIN = { login: 'admin:secret' };
const HERE: Question = { from: '127.0.0.1', headers: { host: 'localhost:8000' } };
const PATH = `/api/v1/takes/${NAME}`;
const FILE_PATH = `${PATH}/${encodeURIComponent(FILE)}`;

describe('takes', () => {
  it('are for administrators; on this machine for everybody where the program says so', async () => {
    for (const [takesFor, question, status] of [
      ['admin', {}, 401],
      ['admin', HERE, 401],
      ['admin', ADMIN, 200],
      ['machine', {}, 401],
      ['machine', HERE, 200],
      ['machine', { ...HERE, headers: { host: 'evil.example' } }, 421],
      ['machine', { ...HERE, headers: { ...HERE.headers, 'sec-fetch-site': 'cross-site' } }, 403],
      ['machine', { ...HERE, headers: { ...HERE.headers, 'x-forwarded-for': '1.2.3.4' } }, 401],
    ] as const) {
      const { ask } = await start({ takesFor });
      for (const path of ['/api/v1/takes', PATH, FILE_PATH]) {
        expect([takesFor, question, path, (await ask(path, question)).status]).toEqual([
          takesFor,
          question,
          path,
          status,
        ]);
      }
      await harness!.close();
    }
    harness = undefined;
  });

  it('are told with their tracks', async () => {
    const { ask } = await start();
    expect(JSON.parse((await ask('/api/v1/takes', ADMIN)).body)).toMatchObject({
      isKept: true,
      takes: [{ name: NAME, tracks: 1 }],
    });
    const view = takeViewSchema.parse(JSON.parse((await ask(PATH, ADMIN)).body));
    expect(view.details[0]).toMatchObject({ file: FILE, bytes: BYTES.length });
    for (const path of [
      '/api/v1/takes/nothing',
      `${PATH}/other.wav`,
      `${PATH}/nothing`,
      `${PATH}/%2e%2e%5cx`,
      '/api/v1/takes/nothing/take.html',
    ]) {
      expect([path, [400, 404]]).toEqual([path, expect.arrayContaining([(await ask(path, ADMIN)).status])]);
    }
  });

  it('are none where the node has no folder of them', async () => {
    const { ask } = await start({ takes: undefined });
    expect(JSON.parse((await ask('/api/v1/takes', ADMIN)).body)).toEqual({ isKept: false, takes: [] });
    expect((await ask(PATH, ADMIN)).status).toBe(404);
    expect((await ask(FILE_PATH, ADMIN)).status).toBe(404);
  });

  it('give their files, whole or in parts', async () => {
    const { ask } = await start();
    const whole = await ask(FILE_PATH, ADMIN);
    expect(whole).toMatchObject({
      status: 200,
      body: BYTES,
      headers: { 'content-type': 'audio/wav', 'accept-ranges': 'bytes' },
    });
    expect(whole.headers['content-length']).toBe(String(BYTES.length));
    expect(whole.headers['content-disposition']).toBe(
      `attachment; filename*=UTF-8''${NAME}%20Gr%C3%B6%C3%9Fe%20%221%22.wav`,
    );
    const part = (range: string, more = {}) => ask(FILE_PATH, { ...ADMIN, headers: { range, ...more } });
    expect(await part('bytes=4-6')).toMatchObject({
      status: 206,
      body: '012',
      headers: { 'content-range': `bytes 4-6/${BYTES.length}` },
    });
    expect(await part('bytes=-3')).toMatchObject({ status: 206, body: '789' });
    expect(await part('bytes=99-')).toMatchObject({
      status: 416,
      headers: { 'content-range': `bytes */${BYTES.length}` },
    });
    expect(await part('bytes=0-1,3-4')).toMatchObject({ status: 200, body: BYTES });
    expect(await part('bytes=4-6', { 'if-range': whole.headers.etag })).toMatchObject({ status: 206 });
    expect(await part('bytes=4-6', { 'if-range': '"other"' })).toMatchObject({ status: 200, body: BYTES });
    const head = await ask(FILE_PATH, { ...ADMIN, method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(String(BYTES.length));
    expect(JSON.parse((await ask(`${PATH}/take.json`, ADMIN)).body)).toEqual(take);
  });

  it('have a page that can run nothing', async () => {
    const { ask } = await start();
    const { body, headers } = await ask(`${PATH}/take.html`, ADMIN);
    expect(body).toContain('&lt;script&gt;');
    expect(body).not.toContain('<script');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; frame-ancestors 'none'; sandbox$/,
    );
  });
});

describe('tracks that run', () => {
  it('are told to everyone, unless the public view is reduced or off', async () => {
    for (const [publicView, question, status] of [
      ['full', {}, 200],
      ['reduced', {}, 401],
      ['off', {}, 401],
      ['reduced', ADMIN, 200],
    ] as const) {
      const { ask } = await start({ publicView });
      const reply = await ask('/api/v1/tracks', question);
      expect([publicView, reply.status]).toEqual([publicView, status]);
      if (status === 200) tracksSchema.parse(JSON.parse(reply.body));
      await harness!.close();
    }
    harness = undefined;
  });

  it('are told live, with everything to those who may see it', async () => {
    const { view, ask } = await start({ takesFor: 'machine' });
    const audiences: string[] = [];
    const tracks = {
      hasRoom: true,
      snapshot: view.tracks.snapshot,
      open: (response: { end(): void }, { audience, isAllowed }: { audience: string; isAllowed: () => boolean }) => {
        audiences.push(`${audience} ${isAllowed()}`);
        response.end();
      },
    };
    Object.assign(view, { tracks });
    const events = await ask('/api/v1/tracks/events', {});
    expect(events.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8' });
    await ask('/api/v1/tracks/events', ADMIN);
    await ask('/api/v1/tracks/events', HERE);
    expect(audiences).toEqual(['public true', 'admin true', 'admin true']);
    tracks.hasRoom = false;
    expect(await ask('/api/v1/tracks/events')).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
  });
});

describe('the range of a request', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-', [0, 9]],
    ['bytes=3-3', [3, 3]],
    ['bytes=3-99', [3, 9]],
    ['bytes=-4', [6, 9]],
    ['bytes=-99', [0, 9]],
    ['bytes= 1 - 2', [1, 2]],
    ['bytes=-0', 'none'],
    ['bytes=10-', 'none'],
    ['bytes=5-3', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
    ['lines=1-2', undefined],
    ['bytes=1-2,4-5', undefined],
    [`bytes=${'9'.repeat(40)}-`, undefined],
  ] as const)('%s of ten bytes', (header, range) => {
    expect(rangeOf(header, 10)).toEqual(range);
    expect(rangeOf('bytes=0-', 0)).toBe('none');
  });
});
