import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../e2e/support/ports.ts';
import { eventually } from '../../support/eventually.ts';
import { askRaw, basicAuth, closeStrangers, HostileClient } from '../../support/hostile-client.ts';
import { CANARY, type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

let hostile: HostileNode;
let port: number;
beforeAll(async () => {
  port = await freePort();
  hostile = await startHostileNode({
    port,
    clock: hurriedClock(20),
    streams: `
  open:
    fragment: 100ms
    buffer: 1MiB
    input: { type: source, mount: /in, password: ${CANARY}, timeout: 10s }
    outputs: [{ type: icecast, mount: /out }]`,
  });
});
afterEach(async () => {
  closeStrangers();
  await eventually(
    'the mount to be free',
    () => hostile.log.length > 0 && hostile.stream('open').inputs[0]!.state !== 'live',
  );
  await hostile.expectUnharmed();
});
afterAll(() => hostile.close());

const AUTH = basicAuth('source', CANARY);
const head = (lines: string, method = 'PUT', version = 'HTTP/1.0') =>
  `${method} /in ${version}\r\nHost: a\r\n${lines}\r\n`;
const typed = (lines = '') => head(`${AUTH}Content-Type: audio/x-raw\r\n${lines}`);
const input = () => hostile.stream('open').inputs[0]!;

describe('a source', () => {
  it('is refused as the conventions want', async () => {
    const wanted: [string, string, number][] = [
      ['wrong password', head(basicAuth('source', 'wrong')), 401],
      ['no content type', head(AUTH), 400],
      ['a mount that is not there', head(AUTH).replace('/in', '/nowhere'), 404],
      ['a mount for listeners', head(AUTH).replace('/in', '/out'), 404],
      ['too many headers', typed(Array.from({ length: 101 }, (_, n) => `X-${n}: y\r\n`).join('')), 431],
      ['a header of 20 KiB', typed(`Ice-Name: ${'n'.repeat(20_000)}\r\n`), 431],
      [
        'a transfer encoding that nobody knows',
        head(`${AUTH}Content-Type: a/b\r\nTransfer-Encoding: gzip\r\n`, 'PUT', 'HTTP/1.1'),
        400,
      ],
    ];
    for (const [id, request, status] of wanted) expect((await askRaw(port, request)).status, id).toBe(status);
    expect(input().counters).toMatchObject({ connects: 0, refused_credentials: 1, refused_content_type: 1 });
  });

  it('that is refused and goes on sending is cut off', async () => {
    for (const request of [head(basicAuth('source', 'wrong')), head(AUTH), head('', 'SOURCE', 'ICE/1.0')]) {
      const client = await HostileClient.open(port, request);
      const timer = setInterval(() => client.send('x'.repeat(100)), 5);
      await eventually('the end of a refused source', () => client.closed);
      clearInterval(timer);
    }
  });

  it('that is refused by SHOUTcast and goes on, or says nothing, is cut off', async () => {
    const live = await HostileClient.open(port, typed());
    live.send('audio');
    await live.until('200 OK');
    const timer = setInterval(() => live.send('audio'), 10);
    const refused = ['wrong\r\n', `${CANARY}\r\n`].map(async (line) => {
      const client = await HostileClient.open(port + 1, line, '127.0.0.3');
      const feed = setInterval(() => client.send('x'), 5);
      await client.untilClosed().finally(() => clearInterval(feed));
    });
    const silent = [
      '',
      'x',
      '\r',
      '\r\r\r',
      'x'.repeat(5000),
      '\0\r\n',
      'GET / HTTP/1.0\r\n\r\n',
      '\x16\x03\x01\r\n',
      '%s%n\r\n',
    ].map((bytes) => askRaw(port + 1, bytes, '127.0.0.4'));
    await Promise.all([...refused, ...silent]);
    clearInterval(timer);
    live.abort();
  });

  it('finds the mount in use and takes nothing from who is there', async () => {
    const live = await HostileClient.open(port, typed('Ice-Bitrate: 128\r\n'));
    const timer = setInterval(() => live.send('0123456789abcdef'), 5);
    await live.until('200 OK');
    await eventually('its audio', () => hostile.stream('open').state === 'live');
    const heard = await HostileClient.open(port, 'GET /out HTTP/1.0\r\n\r\n');
    for (const [method, status] of [
      ['PUT', 409],
      ['SOURCE', 403],
    ] as const) {
      expect((await askRaw(port, head(`${AUTH}Content-Type: a/b\r\n`, method))).status).toBe(status);
    }
    const before = heard.body.length;
    await eventually('more', () => heard.body.length > before + 64);
    clearInterval(timer);
    const text = heard.body.toString();
    const own = text.slice(text.indexOf('0123'));
    expect(own).toBe('0123456789abcdef'.repeat(own.length / 16 + 1).slice(0, own.length));
    heard.close();
    live.close();
  });

  it('that sends chunks that are none is dropped, and what came before is kept', async () => {
    const chunked = head(`${AUTH}Content-Type: audio/x-raw\r\nTransfer-Encoding: chunked\r\n`, 'PUT', 'HTTP/1.1');
    const bodies = [
      'zz\r\n',
      '-5\r\nabcde\r\n',
      '5\r\nabcdeXX',
      'ffffffffff\r\n',
      '5;'.padEnd(1000, 'x'),
      '\n',
      '5\nabcde\n',
      `0\r\n${'T: t\r\n'.repeat(3000)}`,
      '5\r\nabcde\r\n0\r\n\r\n',
      '0x5\r\n',
      '5 5\r\n',
      '\0',
    ];
    for (const body of bodies) {
      const client = await HostileClient.open(port, chunked + body);
      await eventually(
        `the end of ${JSON.stringify(body.slice(0, 20))}`,
        () => client.closed || client.socket.readableEnded,
      );
      client.close();
      await eventually('the mount to be free', async () =>
        (await hostile.admin('/admin/stats')).includes('<source_client_connections>1<'),
      );
    }
  });

  it('that vanishes, is reset, or says nothing for the timeout frees the mount', async () => {
    for (const turn of ['close', 'abort', 'half', 'silent'] as const) {
      const client = await HostileClient.open(port, `${typed()}some audio`);
      await client.until('200 OK');
      if (turn === 'close') client.close();
      if (turn === 'abort') client.abort();
      if (turn === 'half') client.socket.end();
      const before = input().counters.connects!;
      await eventually(`the mount to be free after ${turn}`, async () =>
        (await hostile.admin('/admin/stats')).includes('<source_client_connections>1<'),
      );
      expect(input().counters.connects).toBe(before);
      client.close();
    }
    expect(hostile.log.join('')).toMatch(/left after \d+ s: the source sent nothing for 10 s/);
  });

  it('that floods is held to the bounds of the buffer', async () => {
    const flood = await HostileClient.open(port, typed());
    const deaf = await HostileClient.open(port);
    const block = Buffer.alloc(2 ** 20, 'x');
    for (let megabyte = 0; megabyte < 96; megabyte++) {
      if (!flood.socket.write(block)) await new Promise((resolve) => flood.socket.once('drain', resolve));
      if (megabyte === 4) {
        deaf.socket.pause();
        deaf.send('GET /out HTTP/1.0\r\n\r\n');
      }
    }
    await eventually('all of it', () => input().bytes >= 96 * 2 ** 20);
    const { buffer } = hostile.stream('open');
    expect(buffer.bytes).toBeLessThan(4 * 2 ** 20);
    flood.close();
    deaf.close();
  });
});
