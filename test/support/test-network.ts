import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Logger, silentLogger } from '../../src/core/logger.ts';
import type { ListenerMount, ShoutcastMount, StreamRequest } from '../../src/modules/network.ts';
import { createNetwork, type Network, type SharedPortOptions } from '../../src/net/network.ts';
import { FakeClock } from './fake-clock.ts';
import { noLinks } from './no-links.ts';

/** A network on a free loopback port, with a clock that stands still. */
export interface TestNetwork {
  readonly network: Network;
  readonly clock: FakeClock;
  readonly port: number;
  /** Requests that reached node:http. */
  readonly requests: IncomingMessage[];
}

const LIMITS = { connections: 1000, connectionsPerAddress: 1000, listenersPerAddress: 1000 };

/** Opens it; the test closes it by `network.close()`. */
export async function openTestNetwork(
  http: Partial<SharedPortOptions> = {},
  log: Logger = silentLogger,
): Promise<TestNetwork> {
  const clock = new FakeClock();
  const requests: IncomingMessage[] = [];
  const network = createNetwork({
    links: noLinks,
    http: {
      host: '127.0.0.1',
      port: 0,
      tls: undefined,
      aliases: new Map(),
      trustedProxies: [],
      deny: { addresses: [], agents: [] },
      limits: LIMITS,
      ...http,
    },
    requestListener: (request: IncomingMessage, response: ServerResponse) => {
      requests.push(request);
      response.end(`node:http ${request.method} ${request.url}`);
    },
    dialer: () => Promise.reject(new Error('no dialling here')),
    clock,
    log,
  });
  const { port } = await network.open();
  return { network, clock, port, requests };
}

/** A mount that keeps its requests and answers them with `hello`. */
export class TestMount implements ListenerMount, ShoutcastMount {
  readonly streamName = 'test';
  readonly accepted: StreamRequest[] = [];
  readonly logins: { rest: string; clientAddress: string }[] = [];
  readonly mount: string;
  onAccept: (request: StreamRequest) => void = (request) => {
    request.socket.end(`HTTP/1.0 200 OK\r\n\r\nhello ${request.path}`);
    request.socket.resume();
  };

  constructor(mount: string) {
    this.mount = mount;
  }

  accept(request: StreamRequest): void {
    this.accepted.push(request);
    this.onAccept(request);
  }

  acceptShoutcast(socket: import('node:net').Socket, rest: Buffer, clientAddress: string): void {
    this.logins.push({ rest: rest.toString('latin1'), clientAddress });
    socket.end('OK2\r\n');
    socket.resume();
  }

  matches = (line: string): boolean => line === 'secret';
  checkCredentials = (user: string, password: string): boolean => user === 'source' && password === 'secret';
  setTitle = (): 'ok' => 'ok';
  source = (): undefined => undefined;
  kill = (): boolean => false;
  kick = (): boolean => false;
  clients = (): [] => [];
  info(): never {
    throw new Error('not asked for here');
  }
}
