import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../e2e/support/ports.ts';
import { HOSTILE_AUDIO } from '../../hostile/audio.ts';
import { UNSHOWABLE } from '../../hostile/titles.ts';
import { eventually } from '../../support/eventually.ts';
import { askRaw, basicAuth, HostileClient } from '../../support/hostile-client.ts';
import { CANARY, type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

const AUTH = basicAuth('source', CANARY);
let hostile: HostileNode;
beforeAll(async () => {
  hostile = await startHostileNode({
    port: await freePort(),
    clock: hurriedClock(20),
    streams: `
  open:
    fragment: 100ms
    buffer: 1MiB
    input: { type: source, mount: /in, password: ${CANARY}, timeout: 10m }
    outputs: [{ type: icecast, mount: /out, tick: 50ms }]`,
  });
});
afterEach(() => hostile.expectUnharmed());
afterAll(() => hostile.close());

const stream = () => hostile.stream('open');
const isFree = async () => (await hostile.admin('/admin/stats')).includes('<source_client_connections>1<');

describe('audio that is none', () => {
  it('is worked through to its end, and held to the bounds', async () => {
    for (const { id, contentType, bytes } of HOSTILE_AUDIO) {
      const before = stream().inputs[0]!.bytes;
      const source = await HostileClient.open(
        hostile.port,
        `PUT /in HTTP/1.0\r\n${AUTH}Content-Type: ${contentType}\r\n\r\n`,
      );
      await source.until('200 OK');
      source.send(bytes);
      await eventually(`all of ${id}`, () => stream().inputs[0]!.bytes === before + bytes.length);
      const { buffer, format } = stream();
      expect(buffer.bytes, id).toBeLessThan(4 * 2 ** 20);
      expect(JSON.stringify(format ?? ''), id).not.toMatch(UNSHOWABLE);
      const listener = await HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n');
      await listener.until('\r\n\r\n');
      expect(listener.text.split('\r\n\r\n', 1)[0], id).not.toMatch(/[\0-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
      source.close();
      listener.close();
      await eventually('the mount to be free', isFree);
    }
  }, 30_000);
});

describe('title updates of old encoders', () => {
  it('are taken with raw spaces, 8-bit bytes and LF line ends, at both addresses and nowhere else', async () => {
    const source = await HostileClient.open(hostile.port + 1, `${CANARY}\r\nicy-br:128\r\n\r\n`);
    await source.until('OK2');
    const timer = setInterval(() => source.send('x'.repeat(1000)), 5);
    await eventually('the source', async () =>
      (await hostile.admin('/admin/stats')).includes('<source_client_connections>2<'),
    );
    const requests: [string, string][] = [
      [
        `GET /admin.cgi?pass=${CANARY}&mode=updinfo&song=Artist - Title HTTP/1.0\r\nUser-Agent: (Mozilla Compatible)\r\n\r\n`,
        'Artist - Title',
      ],
      [`GET /admin.cgi?pass=${CANARY}&mode=updinfo&song=Kr\xe4hen am See HTTP/1.0\n\n`, 'Krähen am See'],
      [`GET /admin/metadata?mount=/in&mode=updinfo&song=\xc3\x9cber uns HTTP/1.1\r\n${AUTH}\r\n`, 'Über uns'],
      [`GET /admin/metadata?mount=/in&mode=updinfo&song=100% "a" <b> C# HTTP/1.0\n${AUTH}\n`, '100% "a" <b> C#'],
    ];
    for (const [request, title] of requests) {
      expect((await askRaw(hostile.port, request)).text, request).toContain('update successful');
      await eventually(title, () => stream().metadata?.title === title);
    }
    for (const path of ['/admin/stats', '/admin/killsource', '/out', '/status-json.xsl']) {
      expect((await askRaw(hostile.port, `GET ${path}?song=a b HTTP/1.0\r\n\r\n`)).status, path).toBe(400);
    }
    const smuggled = `GET /admin.cgi?pass=wrong&song=a HTTP/1.0\r\nHost: x\r\n\r\n HTTP/1.0\r\n\r\n`;
    expect((await askRaw(hostile.port, smuggled)).text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    clearInterval(timer);
    source.close();
  });
});
