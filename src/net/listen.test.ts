import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listenOn, listenOnFirstFree } from './listen.ts';

const HOST = '127.0.0.1';

describe('listenOnFirstFree', () => {
  const servers: Server[] = [];

  function newServer(): Server {
    const server = createServer();
    servers.push(server);
    return server;
  }

  async function takenPort(): Promise<number> {
    const server = newServer().listen(0, HOST);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('goes on to the next port when one is taken', async () => {
    const taken = await takenPort();
    const server = newServer();
    const { port } = await listenOnFirstFree(server, { host: HOST, port: taken }, taken + 50);
    expect(port).toBeGreaterThan(taken);
    expect(port).toBe((server.address() as AddressInfo).port);
  });

  it('names the last port when all are taken', async () => {
    const taken = await takenPort();
    const error = await listenOnFirstFree(newServer(), { host: HOST, port: taken }, taken).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(String(taken)) });
  });

  it('tries no other port for another reason', async () => {
    const error = await listenOn(newServer(), { host: '192.0.2.1', port: 0 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
    const failed = await listenOnFirstFree(newServer(), { host: '192.0.2.1', port: 1 }, 5).catch((e: unknown) => e);
    expect(failed).toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  });
});
