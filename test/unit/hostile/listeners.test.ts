import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countingBytes, firstBreak } from '../../support/counting-pattern.ts';
import { eventually } from '../../support/eventually.ts';
import { askRaw, basicAuth, closeStrangers, HOME, HostileClient } from '../../support/hostile-client.ts';
import { CANARY, type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

let hostile: HostileNode;
let source: HostileClient;
let timer: ReturnType<typeof setInterval>;

beforeAll(async () => {
  hostile = await startHostileNode({
    clock: hurriedClock(20),
    http: ', limits: { connections: 900, connectionsPerAddress: 60, listenersPerAddress: 20 }, trustedProxies: [127.0.0.9]',
    streams: `
  busy:
    fragment: 100ms
    buffer: 5s
    input: { type: source, mount: /in, password: ${CANARY}, shoutcast: false, timeout: 10m }
    outputs: [{ type: icecast, mount: /out, tick: 50ms, burst: 0s, maxQueue: 64KiB, maxListeners: 40 }]
  empty:
    input: { type: source, mount: /nobody, password: ${CANARY}, shoutcast: false }
    outputs: [{ type: icecast, mount: /empty }]`,
  });
  const head = `PUT /in HTTP/1.0\r\n${basicAuth('source', CANARY)}Content-Type: audio/x-raw\r\nIce-Bitrate: 5000\r\n\r\n`;
  source = await HostileClient.open(hostile.port, head, HOME);
  let sent = 0;
  timer = setInterval(() => {
    source.send(countingBytes(sent, 16_384));
    sent += 16_384;
  }, 5);
  await eventually('sound', () => hostile.stream('busy').state === 'live');
  hostile.settle();
});
afterEach(() => hostile.expectUnharmed());
afterAll(async () => {
  clearInterval(timer);
  source.close();
  await hostile.close();
});

const listeners = () => hostile.stream('busy').outputs[0]!.listeners;

describe('a listener', () => {
  it('that reads nothing is dropped when its queue is full, and no other for it', async () => {
    const good = await HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n', '127.0.0.3');
    const deaf = await HostileClient.open(hostile.port);
    deaf.socket.pause();
    deaf.send('GET /out HTTP/1.0\r\n\r\n');
    await eventually('two listeners', () => listeners() === 2);
    await eventually('the end of the deaf one', () => hostile.stream('busy').outputs[0]!.counters.drops_slow === 1);
    expect(good.closed).toBe(false);
    expect(firstBreak(good.body)).toBe(-1);
  });

  it('that sends for ever, or anything, is heard by nobody and hears on', async () => {
    const client = await HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n');
    for (let turn = 0; turn < 50; turn++)
      client.send(turn % 2 ? 'GET /admin HTTP/1.1\r\n\r\n' : Buffer.alloc(50_000, turn));
    await eventually('sound', () => client.body.length > 200_000);
    expect(firstBreak(client.body)).toBe(-1);
    expect(client.closed).toBe(false);
  });

  it('that closes its half, resets or goes in the burst is gone', async () => {
    for (const turn of [0, 1, 2, 3]) {
      const client = await HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n');
      if (turn > 1) await eventually('sound', () => client.body.length > 0);
      if (turn % 2) client.abort();
      else client.socket.end();
    }
    await eventually('nobody', () => listeners() === 0);
  });

  it('that plays with ranges gets the stream or a probe, never an error', async () => {
    const ranges = [
      'bytes=0-',
      'bytes=0-1',
      'bytes=-0',
      'bytes=5-1',
      'bytes=18446744073709551616-',
      `bytes=${'0-0,'.repeat(2000)}0-0`,
      'bytes',
      'lines=1-2',
      '\xff',
      'bytes=0-1,0-1',
    ];
    for (const range of ranges) {
      const client = await HostileClient.open(
        hostile.port,
        `GET /out HTTP/1.1\r\nHost: a\r\nRange: ${range}\r\nIf-Range: "x"\r\n\r\n`,
      );
      await client.until('\r\n\r\n');
      expect(client.status, range.slice(0, 30)).toBe(range === 'bytes=0-1' ? 206 : 200);
      client.close();
    }
    for (const header of [
      'Icy-MetaData: 99999999999999999999',
      'Icy-MetaData: -1',
      'Icy-MetaData: x',
      `User-Agent: ${'(('.repeat(4000)}`,
    ]) {
      const client = await HostileClient.open(hostile.port, `GET /out HTTP/1.0\r\n${header}\r\n\r\n`);
      await client.until('\r\n\r\n');
      expect(client.status).toBe(200);
      client.close();
    }
  });

  it('of a stream that has no sound yet, and of methods that are none, is told so', async () => {
    const ask = async (request: string) => (await askRaw(hostile.port, `${request} HTTP/1.0\r\n\r\n`)).status;
    expect(await ask('GET /empty')).toBe(404);
    expect(await ask('HEAD /out')).toBe(200);
    expect(await ask('POST /out')).toBe(404);
    expect(await ask('PUT /out')).toBe(404);
  });

  it('from an address with too many is refused, others are not', async () => {
    const many = await Promise.all(
      Array.from({ length: 30 }, () => HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n')),
    );
    await eventually('an answer to all', () => many.every(({ status }) => status > 0));
    expect(many.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(many.filter(({ status }) => status === 403)).toHaveLength(10);
    const other = await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        HostileClient.open(hostile.port, 'GET /out HTTP/1.0\r\n\r\n', `127.0.1.${index + 1}`),
      ),
    );
    await eventually('an answer to all', () => other.every(({ status }) => status > 0));
    expect(other.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(other.filter(({ status }) => status === 503)).toHaveLength(5);
  });

  it('behind a trusted proxy counts by the address that the proxy gives, whatever else the header holds', async () => {
    const forwarded = [
      '198.51.100.1',
      '1.2.3.4, 198.51.100.1',
      '<script>, 198.51.100.1',
      `${'1.1.1.1,'.repeat(1500)}198.51.100.1`,
    ];
    for (const value of forwarded) {
      const client = await HostileClient.open(
        hostile.port,
        `GET /out HTTP/1.0\r\nX-Forwarded-For: ${value}\r\n\r\n`,
        '127.0.0.9',
      );
      await client.until('\r\n\r\n');
    }
    const list = await hostile.admin('/admin/listclients?mount=/out');
    expect(list.match(/<IP>198\.51\.100\.1<\/IP>/g)).toHaveLength(4);
    for (const value of ['garbage', '999.1.1.1', '', ',,,', '::ffff:0:1%eth0']) {
      const client = await HostileClient.open(
        hostile.port,
        `GET /out HTTP/1.0\r\nX-Forwarded-For: ${value}\r\n\r\n`,
        '127.0.0.9',
      );
      await client.until('\r\n\r\n');
    }
    expect(await hostile.admin('/admin/listclients?mount=/out')).not.toMatch(/garbage|999\.1|eth0/);
  });
});

describe('a thousand connections from one address', () => {
  it('are refused above the limit while others are served, and leave nothing', async () => {
    let refused = 0;
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => HostileClient.open(hostile.port)));
      await eventually('refusals', () => clients.filter(({ status }) => status === 503).length >= 40);
      refused += clients.filter(({ status }) => status === 503).length;
      expect((await askRaw(hostile.port, 'GET / HTTP/1.0\r\n\r\n', '127.0.0.5')).status).toBe(200);
      closeStrangers();
      await eventually('the end of all', () => clients.every(({ closed }) => closed));
    }
    expect(refused).toBeGreaterThanOrEqual(400);
    expect(await hostile.admin('/metrics')).toMatch(/limit-per-address"\} \d{3}/);
  });
});
