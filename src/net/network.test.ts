import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { exchange, RawClient } from '../../test/support/raw-client.ts';
import { openTestNetwork, TestMount, type TestNetwork } from '../../test/support/test-network.ts';

let open: TestNetwork | undefined;

afterEach(() => open?.network.close());

const isClosed = (port: number) =>
  RawClient.open(port).then(
    () => false,
    () => true,
  );

describe('createNetwork', () => {
  it('shares a front by its address and closes it after the last user', async () => {
    open = await openTestNetwork();
    const { network, port: shared } = open;
    const port = await freePort();
    const address = { host: '127.0.0.1', port };
    const [first, second] = await Promise.all([network.front(address), network.front(address)]);
    expect(first).toBe(second);
    expect(first.address).toEqual(address);
    const mount = new TestMount('*');
    first.claimListener(mount);
    expect(network.directory().listeners).toEqual([mount]);
    expect(network.directory().portOf(mount)).toBe(port);
    expect(network.directory().portOf(new TestMount('*'))).toBeUndefined();
    network.releaseFront(first);
    expect(await exchange(port, 'GET /x HTTP/1.0\r\n\r\n')).toContain('hello /x');
    network.releaseFront(second);
    expect(await isClosed(port)).toBe(true);
    expect(network.directory().listeners).toEqual([]);
    const own = await network.front();
    network.releaseFront(own);
    expect(await exchange(shared, 'GET /x HTTP/1.0\r\n\r\n')).toContain('node:http');
  });

  it('says who has a port, and can be asked again', async () => {
    open = await openTestNetwork();
    const { network, port } = open;
    const taken = { host: '127.0.0.1', port };
    const own = await network.front();
    await expect(network.listen(taken, () => {})).rejects.toMatchObject({ code: 'PORT_IN_USE', details: { port } });
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const address = { host: '127.0.0.1', port: (blocker.address() as AddressInfo).port };
    await expect(network.front(address)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    if (process.platform === 'linux') {
      await expect(network.front(address)).rejects.toThrow(`(process ${process.pid})`);
    }
    await new Promise((resolve) => blocker.close(resolve));
    const front = await network.front(address);
    expect(front).not.toBe(own);
  });

  it('refuses an address that is not of this machine', async () => {
    open = await openTestNetwork();
    await expect(open.network.front({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
    });
  });

  it('listens on every address, also where there is no IPv6', async () => {
    open = await openTestNetwork();
    const { port, close } = await open.network.listen({ host: '::', port: 0 }, (socket) => socket.end('hello'));
    expect(await exchange(port, '')).toBe('hello');
    close();
    expect(await isClosed(port)).toBe(true);
  });

  it('ends everything at once', async () => {
    open = await openTestNetwork();
    const { network, port, clock } = open;
    const live = new TestMount('/live');
    live.onAccept = ({ socket }) => void socket.write('HTTP/1.0 200 OK\r\n\r\n');
    (await network.front()).claimListener(live);
    const other = await network.front({ host: '127.0.0.1', port: 0 });
    const listener = await RawClient.open(port, 'GET /live HTTP/1.0\r\n\r\n');
    await listener.until('200 OK');
    const waiting = await RawClient.open(other.address.port, 'GET');
    while (network.counters().connections < 2) await new Promise(setImmediate);
    network.close();
    await Promise.all([listener.untilClosed(), waiting.untilClosed()]);
    expect(await isClosed(port)).toBe(true);
    expect(network.counters()).toEqual({ connections: 0, connectionsTotal: 2, refusedTotal: {} });
    expect(clock.pendingCount).toBe(0);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
