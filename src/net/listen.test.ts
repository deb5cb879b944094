import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
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
    const last = taken + 1;
    // Somebody has it afterwards, whether this works or not.
    await listenOn(newServer(), { host: HOST, port: last }).catch(() => {});
    const error = await listenOnFirstFree(newServer(), { host: HOST, port: taken }, last).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(String(last)) });
  });

  it('tries no other port for another reason', async () => {
    const server = newServer();
    const listen = vi.spyOn(server, 'listen');
    // An address that is nobody's (RFC 5737).
    const error = await listenOnFirstFree(server, { host: '203.0.113.1', port: 2000 }, 2005).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
    expect(listen).toHaveBeenCalledTimes(1);
  });
});
