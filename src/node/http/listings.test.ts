import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeListenerMount, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, serve } from '../../../test/support/http-client.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { parsePlaylist } from '../../protocols/playlist/playlist.ts';
import { loadPageAssets } from './page-assets.ts';
import { createRequestListener } from './router.ts';

let harness: HttpHarness;
afterEach(() => harness.close());

async function start(...listeners: FakeListenerMount[]) {
  const view = fakeNodeView(listeners.length > 0 ? { listeners } : {});
  harness = await serve(createRequestListener(view, { failures: new FailureLimiter({ clock: view.clock }) }));
  return harness.ask;
}

describe('playlists', () => {
  it('are written for each player', async () => {
    const ask = await start();
    const url = 'http://radio.example:8000/live.mp3';
    expect(await ask('/live.mp3.m3u')).toMatchObject({
      body: `${url}\r\n`,
      headers: { 'content-type': 'audio/x-mpegurl' },
    });
    expect(await ask('/live.mp3.pls')).toMatchObject({
      body: `[playlist]\r\nNumberOfEntries=1\r\nFile1=${url}\r\nTitle1=Sine & <co>\r\nLength1=-1\r\nVersion=2\r\n`,
      headers: { 'content-type': 'audio/x-scpls' },
    });
    const xspf = await ask('/live.mp3.xspf');
    expect(xspf.headers['content-type']).toBe('application/xspf+xml; charset=utf-8');
    expect(xspf.body).toContain(`<trackList><track><location>${url}</location><title>Ada - Engine</title>`);
    expect(xspf.body).toContain('Stream Title: Sine &amp; &lt;co&gt;\n');
  });

  it('are found without the ending of the mount, and encode its path', async () => {
    const ask = await start(new FakeListenerMount('/live.mp3'), new FakeListenerMount('/ü x.ogg'));
    expect((await ask('/live.m3u')).body).toBe('http://radio.example:8000/live.mp3\r\n');
    expect((await ask('/%C3%BC%20x.m3u')).body).toBe('http://radio.example:8000/%C3%BC%20x.ogg\r\n');
    expect((await ask('/other.m3u')).status).toBe(404);
    expect((await ask('/.m3u')).status).toBe(404);
  });

  it('name the port of a mount that has one of its own, on the page and in the statistics too', async () => {
    const view = fakeNodeView({ listeners: [new FakeListenerMount('/a'), new FakeListenerMount('/b')] });
    view.ports.set(view.listeners[1]!, 9000);
    harness = await serve(createRequestListener(view, { failures: new FailureLimiter({ clock: view.clock }) }));
    const body = async (path: string, question = {}) => (await harness.ask(path, question)).body;
    expect(await body('/a.m3u')).toBe('http://radio.example:8000/a\r\n');
    expect(await body('/b.m3u')).toBe('http://radio.example:9000/b\r\n');
    expect(await body('/b.m3u', { headers: { host: '[::1]:8000' }, secure: true })).toBe('http://[::1]:9000/b\r\n');
    expect(await body('/a.pls', { secure: true })).toContain('File1=https://radio.example:8000/a\r\n');
    expect(await body('/status-json.xsl')).toContain('"listenurl":"http://radio.example:9000/b"');
    expect(await body('/admin/buildm3u?mount=/b&username=u', { login: 'admin:secret' })).toContain(
      '//u@radio.example:9000/b',
    );
    const page = await body('/');
    expect(page).toContain('<a href="./a">http://radio.example:8000/a</a>');
    expect(page).toContain('<a href="http://radio.example:9000/b">http://radio.example:9000/b</a>');
  });

  it('are of the mount at the port that was asked, where two ports have the path', async () => {
    const view = fakeNodeView({ listeners: [new FakeListenerMount('/a'), new FakeListenerMount('/a')] });
    harness = await serve(createRequestListener(view, { failures: new FailureLimiter({ clock: view.clock }) }));
    view.ports.set(view.listeners[0]!, 9000).set(view.listeners[1]!, harness.port);
    expect((await harness.ask('/a.m3u')).body).toBe('http://radio.example:8000/a\r\n');
  });

  it('hold one entry whatever a name holds', async () => {
    const name = 'x\r\nFile2=http://evil\u2028</title>';
    const ask = await start(new FakeListenerMount('/a', { station: { name } }));
    for (const extension of ['m3u', 'pls', 'xspf']) {
      const { entries } = parsePlaylist(Buffer.from((await ask(`/a.${extension}`)).body));
      expect(entries.map(({ url }) => url)).toEqual(['http://radio.example:8000/a']);
    }
    expect((await ask('/a.xspf')).body).not.toContain('</title></title>');
  });
});

describe('SHOUTcast answers', () => {
  it('/7.html has seven fields', async () => {
    const ask = await start(new FakeListenerMount('/a', { title: 'A, B <i>', maxListeners: 50 }));
    expect((await ask('/7.html')).body).toBe(
      '<HTML><meta http-equiv="Pragma" content="no-cache"></head><body>3,1,7,50,3,128,A, B &lt;i&gt;</body></html>',
    );
    expect((await ask('/7.html?sid=2')).body).toContain('<body>0,0,0,0,0,0,</body>');
  });

  it('/stats is JSON or XML, by sid', async () => {
    const ask = await start(new FakeListenerMount('/a'), new FakeListenerMount('/b', { title: 'Second <x>' }));
    const second = JSON.parse((await ask('/stats?sid=2&json=1')).body);
    expect(second).toMatchObject({
      currentlisteners: 3,
      peaklisteners: 7,
      servertitle: 'Sine & <co>',
      songtitle: 'Second <x>',
      streamstatus: 1,
      streampath: '/b',
      streamuptime: 3600,
      bitrate: '128',
    });
    expect((await ask('/stats?sid=2')).body).toContain('<SONGTITLE>Second &lt;x&gt;</SONGTITLE>');
    expect(JSON.parse((await ask('/stats?json=1&sid=9')).body)).toMatchObject({ streamstatus: 0 });
    expect(JSON.parse((await ask('/stats?json=1&sid=__proto__')).body)).toMatchObject({ streamstatus: 0 });
  });

  it('/currentsong is the title alone', async () => {
    const ask = await start();
    expect(await ask('/currentsong?sid=1')).toMatchObject({
      body: 'Ada - Engine',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
  });
});

describe('the page', () => {
  it('lists the mounts without scripts, every text escaped', async () => {
    const evil = '"><script>alert(1)</script>';
    const ask = await start(
      new FakeListenerMount('/a', { title: evil, station: { name: evil } }),
      new FakeListenerMount('/secret', { hidden: true }),
    );
    const { body, headers } = await ask('/');
    expect(body).not.toContain('<script>alert');
    expect(body).not.toContain('/secret');
    expect(body).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(body).toContain('<a href="./a">http://radio.example:8000/a</a> <a href="./a.m3u">M3U</a>');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
  });

  it('is whole at every address: nothing inline, everything relative to the root, frames only around the player', async () => {
    const ask = await start(new FakeListenerMount('/a', {}));
    for (const [path, root] of [
      ['/', './'],
      ['/tracks', './'],
      ['/streams/morning', '../'],
      ['/listen/morning', '../'],
    ] as const) {
      const { body, headers } = await ask(path);
      expect(body).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/);
      expect(body).toContain(`data-root="${root}"`);
      expect(body).toContain(`<a href="${root}a">`);
      expect(body).not.toMatch(/(?:src|href)="\//);
      const framing = path.startsWith('/listen/') ? 'frame-ancestors *' : "frame-ancestors 'none'";
      expect(headers['content-security-policy']).toContain(framing);
    }
    const icon = await ask('/favicon.svg');
    expect(icon).toMatchObject({ status: 200, headers: { 'content-type': 'image/svg+xml' } });
  });

  it('serves the files of a build under names that never change', () => {
    const folder = mkdtempSync(join(tmpdir(), 'distream-web-'));
    const manifest = { 'main.tsx': { file: 'app-1.js' }, 'widget.ts': { file: 'widget-2.js' } };
    for (const name of ['app-1.js', 'later-3.js', 'widget-2.js', 'style-4.css', 'secret.txt']) {
      writeFileSync(join(folder, name), name);
    }
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const assets = loadPageAssets(pathToFileURL(`${folder}/`));
    expect([...assets.files.keys()].sort()).toEqual(['app-1.js', 'later-3.js', 'style-4.css', 'widget-2.js']);
    expect(assets).toMatchObject({ script: 'app-1.js', styles: ['style-4.css'] });
    expect(assets.widget).toBe(assets.files.get('widget-2.js'));
    rmSync(folder, { recursive: true });
  });

  it('is the plain table where nothing was built', () => {
    const assets = loadPageAssets(new URL('file:///nowhere/'));
    expect(assets).toMatchObject({ script: undefined, styles: [], widget: undefined });
    expect(assets.files.size).toBe(0);
  });

  it('shows the demo only where there is one', async () => {
    const ask = await start();
    expect((await ask('/')).body).toContain('data-demo="false"');
    const view = fakeNodeView();
    const failures = new FailureLimiter({ clock: view.clock });
    const handle = () => ({ status: 200, contentType: 'application/json', body: '{}' });
    const demo = { path: '/api/v1/demo', methods: ['GET'], role: 'public', handle } as const;
    const withDemo = await serve(createRequestListener(view, { failures, extraRoutes: [demo] }));
    expect((await withDemo.ask('/')).body).toContain('data-demo="true"');
    await withDemo.close();
  });
});
