import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestProxy, type TestProxyOptions } from '../../../../test/support/connect-proxy.ts';
import { eventually } from '../../../../test/support/eventually.ts';
import { StreamCarrierRig } from '../../../../test/support/stream-carriers.ts';
import { createSelfSigned } from '../../certificate/self-signed.ts';

/** As long as the first message of a link is. */
const HELLO = 'hello'.padEnd(300, '.');
const CARRIERS = ['tls', 'wss', 'ws'] as const;

let rig: StreamCarrierRig;
const servers: { close(): void }[] = [];

beforeEach(() => {
  rig = new StreamCarrierRig();
});

afterEach(async () => {
  await rig.close();
  for (const server of servers.splice(0)) server.close();
});

async function serve(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that answers the first bytes with `text`. */
function answering(text: string): Promise<number> {
  return serve(createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(text, 'latin1'))));
}

async function openProxy(options: TestProxyOptions = {}): Promise<{ proxy: TestProxy; port: number }> {
  const proxy = new TestProxy(options);
  servers.push(proxy);
  return { proxy, port: await proxy.listen() };
}

describe.each(CARRIERS)('a connection by %s', (carrier) => {
  it('carries messages both ways, whole and in order', async () => {
    await rig.listen();
    const near = await rig.dial({ carrier, path: '/link' });
    near.send(HELLO);
    const far = await rig.accepted();
    const [hello] = await far.untilMessages(1);
    expect(String(hello)).toBe(HELLO);
    near.connection.maxMessageBytes = 65_535;
    far.connection.maxMessageBytes = 65_535;
    const sizes = [1, 125, 126, 255, 256, 1200, 16_384, 65_535];
    for (const size of sizes) {
      near.connection.send(Buffer.alloc(size, size % 251));
      far.connection.send(Buffer.alloc(size, size % 241));
    }
    await near.untilMessages(sizes.length);
    await far.untilMessages(sizes.length + 1);
    sizes.forEach((size, index) => {
      expect(near.messages[index]!.equals(Buffer.alloc(size, size % 241)), String(size)).toBe(true);
      expect(far.messages[index + 1]!.equals(Buffer.alloc(size, size % 251)), String(size)).toBe(true);
    });
    for (const size of [0, 65_536]) expect(() => near.connection.send(Buffer.alloc(size))).toThrow(RangeError);
  });

  it('tells its ends and what it adds', async () => {
    const port = await rig.listen();
    const near = await rig.dial({ carrier }, { from: '127.0.0.5' });
    near.send(HELLO);
    const { connection } = await rig.accepted();
    expect([near.connection.carrier, connection.carrier]).toEqual([carrier, carrier]);
    expect(near.connection.remote).toBe(`127.0.0.1:${port}`);
    expect(near.connection.local).toBe(connection.remote);
    expect([connection.remoteAddress, connection.local]).toEqual(['127.0.0.5', `127.0.0.1:${port}`]);
    const overheads = { tls: [76, 76], wss: [82, 78], ws: [60, 56] };
    expect([near.connection.overheadBytes, connection.overheadBytes]).toEqual(overheads[carrier]);
  });

  it('ends at both sides when one closes it, after what was sent', async () => {
    await rig.listen();
    const near = await rig.dial({ carrier });
    near.send(HELLO);
    const far = await rig.accepted();
    await far.untilMessages(1);
    far.send('last words');
    far.connection.close();
    far.connection.close();
    expect(far.send('late')).toBe(false);
    expect(await near.untilClosed()).toMatch(/^the peer closed the (connection|WebSocket \(1000\))$/);
    expect(near.texts).toEqual(['last words']);
    expect(far.reasons).toEqual([]);
    expect(near.send('late')).toBe(false);
  });

  it('goes through a proxy', async () => {
    const port = await rig.listen();
    const authorization = `Basic ${Buffer.from('us er:p@ss%').toString('base64')}`;
    const { proxy, port: proxyPort } = await openProxy({ authorization });
    const near = await rig.dial(
      { carrier, host: 'studio.example' },
      { proxy: `http://us%20er:p%40ss%25@127.0.0.1:${proxyPort}` },
    );
    near.send(HELLO);
    expect(String((await (await rig.accepted()).untilMessages(1))[0])).toBe(HELLO);
    expect(proxy.requests[0]).toContain(`CONNECT studio.example:${port} HTTP/1.1\r\nHost: studio.example:${port}\r\n`);
  });

  it('ends waiting for the other side in time, or when told', async () => {
    const port = await serve(createServer((socket) => socket.on('error', () => {}).resume()));
    const dialled: unknown[] = [];
    const dialer = rig.dialer((socket) => dialled.push(socket));
    const late = rig.dial({ carrier, port }, { dialer }).catch((error: unknown) => error);
    await eventually('the connection', () => dialled.length === 1);
    await rig.clock.run(5000);
    expect(await late).toMatchObject({ code: 'TIMED_OUT', message: expect.stringContaining('for 5 s') });
    const abort = new AbortController();
    const told = rig.dial({ carrier, port }, { dialer, signal: abort.signal }).catch((error: unknown) => error);
    await eventually('the connection', () => dialled.length === 2);
    abort.abort();
    expect(await told).toMatchObject({ name: 'AbortError' });
    expect(dialled).toEqual([
      expect.objectContaining({ destroyed: true }),
      expect.objectContaining({ destroyed: true }),
    ]);
  });

  it('fails in words when the other side is something else', async () => {
    for (const text of [
      '220 mail.example ESMTP\r\n',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '\x16\x03\x03\0\x05hello',
      '',
    ]) {
      await expect(rig.dial({ carrier, port: await answering(text) })).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringMatching(/speak TLS|TLS failed|not HTTP|answered 400|closed|reset/),
      });
    }
  });
});

describe('TLS of a dialled connection', () => {
  async function serverNames(host: string): Promise<(string | false | undefined)[]> {
    const names: (string | false | undefined)[] = [];
    const server = createTlsServer(createSelfSigned('x', Date.now()), (socket) => {
      names.push((socket as { servername?: string | false }).servername);
      socket.on('error', () => {});
    });
    await rig.dial({ host, port: await serve(server) });
    await eventually('the name', () => names.length > 0);
    return names;
  }

  it('names the server unless it is an address', async () => {
    expect(await serverNames('studio.example')).toEqual(['studio.example']);
    expect(await serverNames('127.0.0.1')).toEqual([false]);
  });

  it('is not older than 1.2', async () => {
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const pair = createSelfSigned('x', Date.now());
    const server = createTlsServer({ ...pair, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers });
    await expect(rig.dial({ port: await serve(server) })).rejects.toThrow('TLS failed');
  });
});

describe('a WebSocket server that lies', () => {
  const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

  it.each([
    ['HTTP/1.1 200 OK\r\n\r\n', 'answered 200'],
    [`${upgraded}\r\n`, 'to another request'],
    [`${upgraded}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n`, 'to another request'],
    [`HTTP/1.1 101 X\r\n${'x'.repeat(40_000)}`, 'above 32768 bytes'],
    [`HTTP/1.1 100 Continue\r\n\r\n`.repeat(9), 'too many interim answers'],
  ])('is refused: %#', async (text, reason) => {
    await expect(rig.dial({ carrier: 'ws', port: await answering(text) })).rejects.toThrow(reason);
  });
});

describe('a proxy', () => {
  it.each([
    [{ authorization: 'Basic eDp5' }, 'REFUSED', 'refused: wrong user or password \\(407\\)'],
    [{ answer: 'HTTP/1.1 403 \x1b[31mForbidden\r\n\r\n' }, 'UNREACHABLE', /answered 403 .*Forbidden$/],
    [{ answer: 'SSH-2.0-OpenSSH\r\n' }, 'UNREACHABLE', 'not HTTP'],
    [{ answer: `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}` }, 'UNREACHABLE', 'above 32768 bytes'],
  ])('that refuses says why: %#', async (options, code, message) => {
    const { port } = await openProxy(options);
    const failure = await rig
      .dial({ host: 'studio.example', port: 9000 }, { proxy: `http://me:secret@127.0.0.1:${port}` })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain('secret');
  });

  it('that wants a password and got none, hangs, or is no proxy', async () => {
    const { port } = await openProxy({ authorization: 'Basic eDp5' });
    await expect(rig.dial({ port: 9 }, { proxy: `http://127.0.0.1:${port}` })).rejects.toThrow('wants a user');
    const hanging = await openProxy({ answer: 'hang' });
    const late = rig.dial({ port: 9 }, { proxy: `http://127.0.0.1:${hanging.port}` }).catch((error: unknown) => error);
    await eventually('the request', () => hanging.proxy.requests.length === 1);
    await rig.clock.run(5000);
    expect(await late).toMatchObject({ code: 'TIMED_OUT' });
    for (const proxy of ['socks5://127.0.0.1:1', 'nonsense', 'https://u:secret@127.0.0.1:1']) {
      await expect(rig.dial({ port: 9 }, { proxy })).rejects.toThrow('http://host:port');
    }
  });
});
