import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../test/support/fake-clock.ts';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from '../../test/support/localhost-certificate.ts';
import type { DialTarget } from '../modules/network.ts';
import { createDialer, type DialerOptions } from './dial.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
let accepted = 0;

beforeEach(() => {
  accepted = 0;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) {
    server.close();
    if (server.listening) await once(server, 'close');
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    accepted++;
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

const greeting = () => createServer((socket) => socket.end('hello'));
const tlsGreeting = () => createTlsServer({ cert: LOCALHOST_CERTIFICATE, key: LOCALHOST_KEY }, (s) => s.end('hello'));

function target(port: number, changes: Partial<DialTarget> = {}): DialTarget {
  return {
    host: '127.0.0.1',
    port,
    tls: false,
    timeoutMs: 5000,
    signal: new AbortController().signal,
    displayUrl: 'http://radio.example/live',
    trusted: true,
    ...changes,
  };
}

function dialer(options: Partial<DialerOptions> = {}) {
  const dial = createDialer({ allow: [], ...options });
  return async (to: DialTarget) => {
    const socket = await dial(to);
    sockets.push(socket);
    return socket;
  };
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('createDialer', () => {
  it('connects to an address that the operator wrote', async () => {
    const socket = await dialer()(target(await listen(greeting())));
    expect(await readAll(socket)).toBe('hello');
  });

  it('connects from a local address, to addresses of its family only', async () => {
    const server = greeting();
    const port = await listen(server);
    const lookup = async () => ['::1', '127.0.0.1'];
    const socket = await dialer({ lookup })(target(port, { host: 'x.example', from: '127.0.0.5' }));
    expect([socket.localAddress, socket.remoteAddress]).toEqual(['127.0.0.5', '127.0.0.1']);
    await expect(dialer()(target(port, { from: '::1' }))).rejects.toThrow('no way from ::1');
    await expect(dialer()(target(port, { from: '192.0.2.1' }))).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: 'cannot reach http://radio.example/live: the local address is not on this machine',
    });
  });

  it('asks for a name once and dials the address that was checked', async () => {
    const port = await listen(greeting());
    const asked: string[] = [];
    const lookup = async (host: string) => {
      asked.push(host);
      return asked.length === 1 ? ['127.0.0.1'] : ['127.0.0.3'];
    };
    const socket = await dialer({ lookup })(target(port, { host: 'radio.example' }));
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(asked).toEqual(['radio.example']);
  });

  it('tries the next address when one does not answer', async () => {
    const port = await listen(greeting());
    const socket = await dialer({ lookup: async () => ['127.0.0.2', '127.0.0.1'] })(
      target(port, { host: 'x.example' }),
    );
    expect(socket.remoteAddress).toBe('127.0.0.1');
  });

  it('says why nothing answers', async () => {
    const port = await listen(greeting());
    servers[0]!.close();
    await expect(dialer()(target(port))).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: 'cannot reach http://radio.example/live: connection refused',
    });
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    await expect(dialer({ lookup })(target(port, { host: 'x.example' }))).rejects.toThrow('no such host');
    await expect(dialer({ lookup: async () => [] })(target(port, { host: 'x.example' }))).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  it('does not follow a peer to a place that is not public, however it is written', async () => {
    const port = await listen(greeting());
    const spellings = ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '0', '[::1]', '[::]'];
    for (const host of [...spellings, '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '169.254.169.254']) {
      const failure = await dialer()(target(port, { host, trusted: false })).catch((error: unknown) => error);
      expect(failure, host).toMatchObject({ code: expect.stringMatching(/^(ADDRESS_NOT_ALLOWED|UNREACHABLE)$/) });
    }
    expect(accepted).toBe(0);
    await expect(dialer()(target(port, { trusted: false }))).rejects.toThrow(
      'http://radio.example/live leads to 127.0.0.1 (loopback), which is not allowed here',
    );
  });

  it('never dials the private one of mixed answers', async () => {
    const port = await listen(greeting());
    const lookup = async () => ['127.0.0.1', '127.0.0.2'];
    const dial = dialer({ lookup, allow: ['127.0.0.2/32'] });
    await expect(dial(target(port, { host: 'x.example', trusted: false }))).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    expect(accepted).toBe(0);
  });

  it('follows a peer to a network that the operator allows', async () => {
    const port = await listen(greeting());
    const socket = await dialer({ allow: ['127.0.0.0/8'] })(target(port, { trusted: false }));
    expect(await readAll(socket)).toBe('hello');
  });

  it('ends waiting for the resolver in time', async () => {
    const clock = new FakeClock();
    const failure = dialer({ clock, lookup: () => new Promise(() => {}) })(target(1, { host: 'x.example' })).catch(
      (error: unknown) => error,
    );
    await clock.run(5000);
    expect(await failure).toMatchObject({ code: 'TIMED_OUT' });
    expect(clock.pendingCount).toBe(0);
  });

  it('ends waiting for the TLS handshake in time', async () => {
    const clock = new FakeClock();
    const server = createServer();
    const port = await listen(server);
    const failure = dialer({ clock })(target(port, { tls: true })).catch((error: unknown) => error);
    await once(server, 'connection');
    await clock.run(5000);
    expect(await failure).toMatchObject({ code: 'TIMED_OUT' });
    expect(clock.pendingCount).toBe(0);
  });

  it('stops when the signal aborts', async () => {
    const abort = new AbortController();
    const clock = new FakeClock();
    const lookup = () => new Promise<string[]>(() => {});
    const failure = dialer({ clock, lookup })(target(1, { host: 'x.example', signal: abort.signal })).catch((e) => e);
    await settle();
    abort.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await expect(dialer()(target(1, { signal: abort.signal }))).rejects.toMatchObject({ name: 'AbortError' });
    expect(clock.pendingCount).toBe(0);
  });

  it('does not end the process when the peer breaks off before the caller listens', async () => {
    const server = createServer();
    const [[peer], socket] = await Promise.all([once(server, 'connection'), dialer()(target(await listen(server)))]);
    (peer as Socket).resetAndDestroy();
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
    expect(socket.errored).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('createDialer with TLS', () => {
  const authorities = { certificateAuthorities: [LOCALHOST_CERTIFICATE] };
  const lookup = async () => ['127.0.0.1'];

  it('connects by the name in the certificate', async () => {
    const port = await listen(tlsGreeting());
    const socket = await dialer({ ...authorities, lookup })(target(port, { host: 'localhost', tls: true }));
    expect(await readAll(socket)).toBe('hello');
  });

  it.each(['127.0.0.1', 'radio.example'])('refuses a certificate that is not for %s', async (host) => {
    const port = await listen(tlsGreeting());
    await expect(dialer({ ...authorities, lookup })(target(port, { host, tls: true }))).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('altnames'),
    });
  });

  it('refuses a certificate of nobody known', async () => {
    const port = await listen(tlsGreeting());
    await expect(dialer({ lookup })(target(port, { host: 'localhost', tls: true }))).rejects.toThrow('self-signed');
  });

  it('says that the other side does not speak TLS', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'));
    await expect(dialer()(target(await listen(server), { tls: true }))).rejects.toThrow('it does not speak TLS');
  });
});
