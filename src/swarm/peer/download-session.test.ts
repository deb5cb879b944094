import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { TransferMessage } from '../../protocols/pdtp/messages.ts';
import { DownloadSession } from './download-session.ts';
import { LiveWindow } from './live-window.ts';
import { createPeerDialer } from './peer-dialer.ts';

const URL = 'http://host/song.mp3';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const order = (change: Partial<TransferMessage>): TransferMessage => ({
  type: 'transfer',
  host: '127.0.0.1',
  port: 8000,
  method: 'get',
  url: URL,
  range: { min: 0, max: 99 },
  peerId: 'giver',
  ...change,
});

/** A session whose coordinator is the test; `dialled` has the orders that it went out for. */
async function session() {
  const said: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1');
  const far = await accepted;
  closers.push(() => {
    socket.destroy();
    far.destroy();
    server.close();
  });
  let held = '';
  const waiting: (() => void)[] = [];
  far.on('data', (bytes: Buffer) => {
    held += bytes.toString();
    said.push(...held.split('\n').slice(0, -1));
    held = held.slice(held.lastIndexOf('\n') + 1);
    for (const wake of waiting.splice(0)) wake();
  });
  const dialled: TransferMessage[] = [];
  const one = new DownloadSession({
    socket,
    clock: systemClock,
    dialect: 1,
    peerId: 'me',
    listenPort: 0,
    fileUrl: URL,
    dial: (asked) => {
      dialled.push(asked);
      return Promise.reject(new Error('no network here'));
    },
    onChunk: async () => {},
    onChanged: () => {},
  });
  const tell = (...message: unknown[]) => far.write(`${JSON.stringify(message)}\n`);
  const answer = async (begin: string) => {
    for (;;) {
      const found = said.find((line) => line.startsWith(`["${begin}"`));
      if (found) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const info = one.askInfo();
  await answer('ask_info');
  tell('tell_info', { url: URL, size: 1000, chunk_size: 100, streaming: false });
  const told = await info;
  if (typeof told === 'string') throw new Error(told);
  one.begin(told, new LiveWindow(100, 1000), 0);
  await answer('request');
  return { tell, answer, dialled };
}

describe('a download told to fetch what it did not ask for', () => {
  it.each([
    ['another file', { url: 'http://host/other.mp3' }],
    ['a range that is no chunk', { range: { min: 1, max: 100 } }],
    ['a range outside', { range: { min: 1000, max: 1099 } }],
    ['the whole of it', { range: { min: 0, max: 999 } }],
  ])('connects to nothing, and says that it failed: %s', async (_, change) => {
    const { tell, answer, dialled } = await session();
    const { host, port, method, url, range, peerId } = order(change);
    tell('transfer', { host, port, method, url, range, peer_id: peerId });
    expect(await answer('completed')).toContain('"hash":null');
    expect(dialled).toEqual([]);
  });

  it('goes out for a chunk that it wants', async () => {
    const { tell, answer, dialled } = await session();
    const { host, port, method, url, range, peerId } = order({});
    tell('transfer', { host, port, method, url, range, peer_id: peerId });
    expect(await answer('completed')).toContain('"hash":null');
    expect(dialled).toHaveLength(1);
  });

  it('puts nothing anywhere', async () => {
    const { tell, answer, dialled } = await session();
    const { host, port, url, range, peerId } = order({});
    tell('transfer', { host, port, method: 'put', url, range, peer_id: peerId });
    expect(await answer('completed')).toContain('"hash":null');
    expect(dialled).toEqual([]);
  });
});

describe('the addresses of orders', () => {
  const signal = new AbortController().signal;
  const dialFrom = (coordinator: string, change: Partial<TransferMessage>) =>
    createPeerDialer(coordinator, systemClock)(order(change), signal).then(
      () => 'connected',
      (error: Error & { code?: string }) => error.code ?? error.message,
    );

  it.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['192.168.1.1'],
    ['169.254.169.254'],
    ['224.0.0.1'],
    ['0.0.0.0'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['fe80::1'],
    ['localhost'],
  ])('of a public coordinator lead to no private place: %s', async (host) => {
    expect(await dialFrom('8.8.8.8', { host })).toMatch(/ADDRESS_NOT_ALLOWED|UNREACHABLE/);
  });

  it('of one in a local network do not lead to this machine', async () => {
    expect(await dialFrom('192.168.1.1', { host: '127.0.0.1' })).toBe('ADDRESS_NOT_ALLOWED');
  });

  it.each([22, 80, 1023, 6379, 5432])('lead to no port of a service: %d', async (port) => {
    expect(await dialFrom('127.0.0.1', { port })).toMatch(/not for peers/);
  });
});
