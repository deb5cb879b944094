import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { statusView } from '../../../src/cli/status-view.ts';
import { decodeMetadataBlock } from '../../../src/protocols/icy/metadata-block.ts';
import { parsePlaylist } from '../../../src/protocols/playlist/playlist.ts';
import { HOSTILE_TITLES, UNSHOWABLE } from '../../hostile/titles.ts';
import { eventually } from '../../support/eventually.ts';
import { askRaw, basicAuth, HostileClient } from '../../support/hostile-client.ts';
import { CANARY, type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

const METAINT = 1024;
const AUTH = basicAuth('source', CANARY);
let hostile: HostileNode;
let source: HostileClient;
let player: HostileClient;
let timer: ReturnType<typeof setInterval>;

beforeAll(async () => {
  hostile = await startHostileNode({
    clock: hurriedClock(20),
    streams: `
  named:
    fragment: 100ms
    input: { type: source, mount: /in, password: ${CANARY}, shoutcast: false, timeout: 10m }
    outputs:
      - { type: icecast, mount: /out, tick: 50ms, metadataInterval: ${METAINT}, slowAfter: 0s }
      - { type: recorder, path: "rec/all.raw", titles: true, minFree: 0B }`,
  });
  source = await openSource('Ice-Name: Station');
  player = await HostileClient.open(hostile.port, '', '127.0.0.1');
  player.send('GET /out HTTP/1.0\r\nIcy-MetaData: 1\r\nUser-Agent: </UserAgent><script>x\xff\r\n\r\n');
  await player.until('icy-metaint');
  hostile.settle();
});
afterEach(() => hostile.expectUnharmed());
afterAll(async () => {
  clearInterval(timer);
  source?.close();
  player?.close();
  await hostile?.close();
});

async function openSource(headers: string): Promise<HostileClient> {
  clearInterval(timer);
  const opened = await HostileClient.open(
    hostile.port,
    `PUT /in HTTP/1.0\r\n${AUTH}Content-Type: audio/x-raw\r\nIce-Bitrate: 900\r\n${headers}\r\n\r\n`,
    '127.0.0.1',
  );
  await opened.until('200 OK');
  timer = setInterval(() => opened.send('.'.repeat(4096)), 5);
  await eventually('the source', () => hostile.stream('named').state === 'live');
  return opened;
}

const percent = (bytes: Buffer) => Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const shown = () => hostile.stream('named').metadata?.title;

async function setTitle(parameters: string, method = 'GET'): Promise<void> {
  const query = `mount=/in&mode=updinfo&${parameters}`;
  const request =
    method === 'GET'
      ? `GET /admin/metadata?${query} HTTP/1.0\r\n${AUTH}\r\n`
      : `POST /admin/metadata HTTP/1.1\r\nHost: localhost\r\n${AUTH}Content-Length: ${query.length}\r\n\r\n${query}`;
  expect((await askRaw(hostile.port, request, '127.0.0.1')).text).toContain('update successful');
}

/** Every place where a title is shown. */
async function everywhere(): Promise<Record<string, string>> {
  const get = async (path: string) => (await hostile.ask(`GET ${path} HTTP/1.0\r\n\r\n`)).body.toString();
  const paths = [
    '/',
    '/api/v1/status',
    '/status-json.xsl',
    '/7.html',
    '/stats',
    '/stats?json=1',
    '/currentsong',
    '/out.m3u',
    '/out.pls',
    '/out.xspf',
  ];
  const admin = [
    '/admin/listclients?mount=/out',
    '/admin/stats',
    '/admin/stats.json',
    '/admin/listmounts',
    '/admin/streamlist.txt',
    '/metrics',
  ];
  const places: Record<string, string> = {};
  for (const path of paths) places[path] = await get(path);
  for (const path of admin) places[path] = await hostile.admin(path);
  const style = { colour: false, columns: 100, history: new Map() };
  places.terminal = statusView(hostile.node.status(), 'http://x', style);
  return places;
}

function expectOneRecord(places: Record<string, string>): void {
  for (const [place, text] of Object.entries(places)) {
    const plain = text.replace(/\r\n/g, '\n');
    expect(UNSHOWABLE.exec(plain)?.[0], place).toBeUndefined();
  }
  for (const place of ['/api/v1/status', '/status-json.xsl', '/stats?json=1', '/admin/stats.json'])
    JSON.parse(places[place]!);
  expect(places['/']).not.toMatch(
    /<script>|<img|onerror="|<script(?! type="module" src="\.\/app\/[\w.-]+\.js"><\/script>)/,
  );
  expect(places['/7.html']).not.toMatch(/<(?!\/?(html|meta|head|body)\b)/i);
  for (const place of ['/stats', '/out.xspf', '/admin/stats', '/admin/listclients?mount=/out', '/admin/listmounts'])
    expectTags(place, places[place]!);
  expect(parsePlaylist(Buffer.from(places['/out.m3u']!)).entries).toHaveLength(1);
  expect(parsePlaylist(Buffer.from(places['/out.pls']!)).entries).toHaveLength(1);
  expect(parsePlaylist(Buffer.from(places['/out.xspf']!)).entries).toHaveLength(1);
  expect(places['/out.pls']!.trimEnd().split('\r\n')).toHaveLength(6);
  expect(places.terminal!.split('\n')).toHaveLength(terminalLines);
  expect(places['/currentsong']).not.toContain('\n');
  for (const line of places['/metrics']!.trimEnd().split('\n'))
    expect(line).toMatch(/^$|^# (HELP|TYPE) |^[a-z_\d]+(\{[^\n]*\})? [-+.\deENa]+$/);
  expect(places['/metrics']).not.toContain('evil');
}
let terminalLines = 0;

/** Tags are balanced and have only the names that the program writes. */
function expectTags(place: string, xml: string): void {
  const open: string[] = [];
  for (const [, slash, name, rest] of xml.replace(/^<\?xml[^>]*\?>\n/, '').matchAll(/<(\/?)([^\s>/]+)([^>]*)>/g)) {
    expect(name, place).toMatch(/^[A-Za-z][\w-]*$/);
    expect(rest, place).not.toContain('<');
    if (slash) expect(open.pop(), place).toBe(name);
    else open.push(name!);
  }
  expect(open, place).toEqual([]);
}

describe('titles', () => {
  it('set by /admin/metadata are one record wherever they are shown', async () => {
    await setTitle('song=first');
    await eventually('the first title', () => shown() === 'first');
    terminalLines = (await everywhere()).terminal!.split('\n').length;
    for (const [index, { id, bytes }] of HOSTILE_TITLES.entries()) {
      const parameters = [
        `song=${percent(bytes)}`,
        `artist=${percent(bytes)}&title=${percent(bytes)}`,
        `song=x&url=${percent(bytes)}`,
        `song=${percent(bytes)}&charset=shift_jis`,
      ][index % 4]!;
      await setTitle(parameters, index % 5 === 0 || bytes.length > 1000 ? 'POST' : 'GET');
      await setTitle(`song=mark-${id}`);
      if (index % 12 === 0) expectOneRecord(await everywhere());
    }
    await setTitle('song=last');
    await eventually('the last title', () => shown() === 'last');
    expectOneRecord(await everywhere());
  });

  it('of each entry are cleaned before anything sees them', async () => {
    for (const { id, bytes } of HOSTILE_TITLES.filter(({ id: name }) => !/^(c0|c1|invisible)-/.test(name))) {
      await setTitle(`song=mark-${id}`);
      await eventually(`the mark of ${id}`, () => shown() === `mark-${id}`);
      await setTitle(`song=${percent(bytes)}`, bytes.length > 1000 ? 'POST' : 'GET');
      await eventually(`the title ${id}`, () => shown() !== `mark-${id}`);
      const title = shown()!;
      expect(title, id).not.toMatch(UNSHOWABLE);
      expect(title, id).not.toContain('\n');
      expect([...title].length, id).toBeLessThanOrEqual(1000);
    }
    expectOneRecord(await everywhere());
  });

  it('came to the player in blocks of ICY metadata, and every byte of audio with them', async () => {
    const titles: string[] = [];
    const { body } = player;
    for (let at = METAINT; at < body.length; ) {
      expect(body.subarray(at - METAINT, at).equals(Buffer.alloc(METAINT, '.'))).toBe(true);
      const length = body[at]! * 16;
      const block = body.subarray(at + 1, at + 1 + length);
      if (block.length < length) break;
      if (length > 0) titles.push(blockTitle(block));
      at += 1 + length + METAINT;
    }
    expect(titles.length).toBeGreaterThan(HOSTILE_TITLES.length / 2);
    expect(titles).toContain('first');
    for (const title of titles) expect(title).not.toMatch(UNSHOWABLE);
  });

  it('that come by the thousand are passed on four times a second at most', async () => {
    const before = hostile.stream('named').titles.length;
    for (let turn = 0; turn < 10; turn++) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => setTitle(`song=storm-${turn}-${index}`)));
    }
    await setTitle('song=after+the+storm');
    await eventually('the last of them', () => shown() === 'after the storm');
    expect(before).toBeLessThanOrEqual(20);
    expect(hostile.stream('named').titles).toHaveLength(20);
  });

  it('and names of a station are one header each, and one field', async () => {
    for (const { id, bytes } of HOSTILE_TITLES.filter(
      ({ bytes: text }) => !/[\0-\x08\x0a-\x1f\x7f]/.test(text.toString('latin1')),
    )) {
      if (bytes.length > 5000 || bytes.length === 0) continue;
      source.close();
      await eventually('the mount to be free', async () =>
        (await hostile.admin('/admin/stats')).includes('<source_client_connections>1<'),
      );
      const value = bytes.toString('latin1');
      source = await openSource(
        ['Name', 'Description', 'Genre', 'Url'].map((name) => `Ice-${name}: ${value}`).join('\r\n'),
      );
      const listener = await HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n');
      await listener.until('\r\n\r\n');
      const [head = ''] = Buffer.from(listener.text, 'latin1').toString('utf8').split('\r\n\r\n', 1);
      expect(head, id).not.toMatch(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
      expect(
        head.split('\r\n').filter((line) => /^(set-cookie|location)/i.test(line)),
        id,
      ).toEqual([]);
      expect(head.replaceAll('\r\n', '').includes('\n'), id).toBe(false);
      listener.close();
    }
    expectOneRecord(await everywhere());
  }, 30_000);

  it('are one line each in the list beside the recording, and in the log', () => {
    const folder = join(hostile.folder, 'rec');
    const lists = readdirSync(folder).filter((name) => name.endsWith('.titles.txt'));
    expect(lists.length).toBeGreaterThan(0);
    const lines = lists.flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) {
      expect(line).toMatch(/^\d\d+:\d\d:\d\d \S/);
      expect(line).not.toMatch(UNSHOWABLE);
    }
    for (const line of hostile.log) {
      expect(line.endsWith('\n')).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/\n/);
      expect(line.slice(0, -1)).not.toMatch(UNSHOWABLE);
    }
  });
});

function blockTitle(block: Buffer): string {
  const text = block.toString('utf8').replace(/\0+$/, '');
  // as a simple player reads it: the text up to the first `';`
  const simple = /^StreamTitle='(.*?)';(?:StreamUrl='(.*?)';)?$/s.exec(text);
  expect(simple, JSON.stringify(text.slice(0, 100))).not.toBeNull();
  return decodeMetadataBlock(block).title ?? '';
}
