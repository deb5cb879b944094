import { afterEach, describe, expect, it } from 'vitest';
import { FakeListenerMount, FakeSourceMount, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, serve } from '../../../test/support/http-client.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { createRequestListener } from './router.ts';

const ADMIN = { login: 'admin:secret' };
let harness: HttpHarness;
afterEach(() => harness.close());

async function start(changes: Parameters<typeof fakeNodeView>[0] = {}) {
  const view = fakeNodeView(changes);
  harness = await serve(createRequestListener(view, { failures: new FailureLimiter({ clock: view.clock }) }));
  return view;
}

const text = async (path: string, question = {}) => (await harness.ask(path, question)).body;
const xmlOf = (inner: string) => `<?xml version="1.0"?>\n${inner}\n`;
const reply = (message: string, done: 0 | 1) =>
  xmlOf(`<iceresponse><message>${message}</message><return>${done}</return></iceresponse>`);

describe('/status-json.xsl', () => {
  it('is one object for one source, with the keys of Icecast and nothing hidden', async () => {
    await start();
    const { headers, body } = await harness.ask('/status-json.xsl');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual({
      icestats: {
        admin: '',
        host: 'radio.example',
        location: '',
        server_id: 'distream 0.1.0',
        server_start: 'Thu, 01 Jan 2026 00:00:00 +0000',
        server_start_iso8601: '2026-01-01T00:00:00+0000',
        source: {
          bitrate: 128,
          genre: 'test',
          listener_peak: 7,
          listeners: 3,
          listenurl: 'http://radio.example:8000/live.mp3',
          server_description: 'desc',
          server_name: 'Sine & <co>',
          server_type: 'audio/mpeg',
          server_url: 'http://e.org',
          stream_start: 'Thu, 01 Jan 2026 00:00:00 +0000',
          stream_start_iso8601: '2026-01-01T00:00:00+0000',
          title: 'Ada - Engine',
          dummy: null,
        },
      },
    });
  });

  it('is an array for several, and has no source for none, hidden or silent', async () => {
    const view = await start({ listeners: [new FakeListenerMount('/b'), new FakeListenerMount('/a')] });
    const several = JSON.parse(await text('/status-json.xsl')).icestats.source;
    expect(several.map(({ listenurl }: { listenurl: string }) => listenurl)).toEqual([
      'http://radio.example:8000/a',
      'http://radio.example:8000/b',
    ]);
    view.listeners = [new FakeListenerMount('/a', { hidden: true }), new FakeListenerMount('/b', { live: false })];
    expect(JSON.parse(await text('/status-json.xsl')).icestats).not.toHaveProperty('source');
  });

  it('is JSON whatever the title', async () => {
    const title = '"\\\u0001\u2028</script>\ud800';
    await start({ listeners: [new FakeListenerMount('/a', { title })] });
    expect(JSON.parse(await text('/status-json.xsl')).icestats.source.title).toBe(title.replace('\ud800', '\ud800'));
  });

  it('names the node as the client did, and never as a header that is no host', async () => {
    await start();
    const url = async (host: string, secure = false) =>
      JSON.parse(await text('/status-json.xsl', { headers: { host }, secure })).icestats.source.listenurl;
    expect(await url('radio.example', true)).toBe('https://radio.example/live.mp3');
    expect(await url('[2001:db8::1]:8000')).toBe('http://[2001:db8::1]:8000/live.mp3');
    const fallback = `http://127.0.0.1:${harness.port}/live.mp3`;
    for (const host of ['evil/x', 'a@b', 'x"onload=', '1.2.3.999', 'a:99999', '', 'ü']) {
      expect(await url(host)).toBe(fallback);
    }
  });
});

describe('/admin/stats', () => {
  it('has all fields in Icecast order', async () => {
    await start();
    const body = await text('/admin/stats', ADMIN);
    expect(body).toBe(await text('/admin/stats.xml', ADMIN));
    expect(body).toBe(
      xmlOf(
        '<icestats><admin></admin><clients>5</clients><connections>50</connections><host>radio.example</host><listeners>3</listeners><location></location><server_id>distream 0.1.0</server_id><server_start>Thu, 01 Jan 2026 00:00:00 +0000</server_start><server_start_iso8601>2026-01-01T00:00:00+0000</server_start_iso8601><source_client_connections>1</source_client_connections><sources>1</sources><source mount="/live.mp3"><bitrate>128</bitrate><genre>test</genre><listener_peak>7</listener_peak><listeners>3</listeners><listenurl>http://radio.example:8000/live.mp3</listenurl><max_listeners>unlimited</max_listeners><public>0</public><server_description>desc</server_description><server_name>Sine &amp; &lt;co&gt;</server_name><server_type>audio/mpeg</server_type><server_url>http://e.org</server_url><slow_listeners>4</slow_listeners><source_ip>192.0.2.5</source_ip><stream_start>Thu, 01 Jan 2026 00:00:00 +0000</stream_start><stream_start_iso8601>2026-01-01T00:00:00+0000</stream_start_iso8601><title>Ada - Engine</title><total_bytes_read>77</total_bytes_read><total_bytes_sent>5000</total_bytes_sent><user_agent>BUTT</user_agent></source></icestats>',
      ),
    );
  });

  it('can be asked for one mount, and as JSON', async () => {
    await start({ listeners: [new FakeListenerMount('/a'), new FakeListenerMount('/b', { hidden: true })] });
    expect(await text('/admin/stats?mount=/b', ADMIN)).not.toContain('mount="/a"');
    const { source } = JSON.parse(await text('/admin/stats.json', ADMIN)).icestats;
    expect(Object.keys(source)).toEqual(['/a', '/b']);
  });
});

describe('the commands', () => {
  it('list mounts', async () => {
    await start();
    const body = await text('/admin/listmounts', ADMIN);
    expect(body).toBe(
      xmlOf(
        '<icestats><source mount="/live.mp3"><fallback></fallback><listeners>3</listeners><Connected>3600</Connected><content-type>audio/mpeg</content-type></source></icestats>',
      ),
    );
    expect(await text('/admin/streamlist.txt', ADMIN)).toBe('/live.mp3\r\n');
  });

  it('list clients, with agents as text', async () => {
    await start();
    expect(await text('/admin/listclients?mount=/live.mp3', ADMIN)).toBe(
      xmlOf(
        '<icestats><source mount="/live.mp3"><Listeners>1</Listeners><listener><IP>198.51.100.9</IP><UserAgent>VLC &lt;3&gt;</UserAgent><Connected>61</Connected><ID>1</ID></listener></source></icestats>',
      ),
    );
    expect(await harness.ask('/admin/listclients?mount=/no', ADMIN)).toMatchObject({
      status: 400,
      body: '<html><head><title>Error 400</title></head><body><b>400 - Source does not exist</b></body></html>\r\n',
    });
    expect(await text('/admin/listclients', ADMIN)).toContain('400 - Missing parameter');
  });

  it('disconnect a listener', async () => {
    const mount = new FakeListenerMount('/live.mp3');
    await start({ listeners: [mount] });
    expect(await text('/admin/killclient?mount=/live.mp3&id=1', ADMIN)).toBe(reply('Client 1 removed', 1));
    expect(await text('/admin/killclient?mount=/live.mp3&id=999', ADMIN)).toBe(reply('Client 999 not found', 0));
    expect(await text('/admin/killclient?mount=/live.mp3&id=%3Cb%3E', ADMIN)).toBe(reply('Client not found', 0));
    expect((await harness.ask('/admin/killclient?mount=/live.mp3', ADMIN)).status).toBe(400);
    expect(mount.kicked).toEqual([1, 999]);
  });

  it('disconnect a source, by its mount or by that of its listeners', async () => {
    const source = new FakeSourceMount('/studio');
    await start({ sources: [source] });
    expect(await text('/admin/killsource?mount=/studio', ADMIN)).toBe(reply('Source Removed', 1));
    expect(await text('/admin/killsource?mount=/live.mp3', ADMIN)).toBe(reply('Source Removed', 1));
    expect(source.killed).toBe(2);
    expect((await harness.ask('/admin/killsource?mount=/no', ADMIN)).status).toBe(400);
  });

  it('build a playlist with a login in its URL', async () => {
    await start();
    const { headers, body } = await harness.ask('/admin/buildm3u?mount=/live.mp3&username=u%40x&password=p%0A', ADMIN);
    expect(headers['content-type']).toBe('audio/x-mpegurl');
    expect(body).toBe('http://u%40x:p%0A@radio.example:8000/live.mp3\r\n');
  });

  it('do not move listeners', async () => {
    await start();
    const { status, body } = await harness.ask('/admin/moveclients?mount=/live.mp3&destination=/b', ADMIN);
    expect([status, body]).toEqual([501, expect.stringContaining('fallback')]);
  });
});

describe('a mount of every path', () => {
  it('is listed under a path that works', async () => {
    await start({ listeners: [new FakeListenerMount('*')] });
    expect(JSON.parse(await text('/status-json.xsl')).icestats.source.listenurl).toMatch(/\/stream$/);
    expect(await text('/admin/listclients?mount=/stream', ADMIN)).toContain('mount="/stream"');
    expect(await text('/stream.m3u')).toBe('http://radio.example:8000/stream\r\n');
  });
});
