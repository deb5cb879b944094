import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { ListenAddress } from '../../modules/network.ts';
import { listenOn } from '../../net/listen.ts';
import { HeadReader } from '../../protocols/http/head-reader.ts';
import { responseHead } from '../../protocols/http/head-writer.ts';
import type { SwarmView } from '../view/swarm-view.ts';
import { STATUS_PAGE_POLICY, statusPage } from './status-page.ts';

const MAX_CONNECTIONS = 64;
const ANSWER_MS = 10_000;

/** The web page about a swarm, at `/` and `/status/`; one request a connection. */
export class StatusServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #address: ListenAddress;

  private constructor(
    view: () => SwarmView,
    { clock, listen }: { readonly clock: Clock; readonly listen: ListenAddress },
  ) {
    this.#address = listen;
    this.#server = createServer((socket) => {
      const timer = clock.after(ANSWER_MS, () => socket.destroy());
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        timer.cancel();
        this.#sockets.delete(socket);
      });
      answerOne(socket, () => statusPage(view()));
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Opens the port. Rejects as `listenOn` does. */
  static async start(
    view: () => SwarmView,
    options: { readonly clock: Clock; readonly listen: ListenAddress },
  ): Promise<StatusServer> {
    const status = new StatusServer(view, options);
    status.#address = await listenOn(status.#server, options.listen);
    return status;
  }

  get address(): ListenAddress {
    return this.#address;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function answerOne(socket: Socket, page: () => string): void {
  const reader = new HeadReader();
  const onData = (bytes: Buffer): void => {
    try {
      const read = reader.push(bytes);
      if (!read) return;
      socket.off('data', onData);
      socket.resume();
      socket.end(answerTo(read.head.method, read.head.target, page));
    } catch {
      socket.end(answer('400 Bad Request', 'text/plain; charset=utf-8', 'Bad request\n'));
    }
  };
  socket.on('data', onData);
}

function answerTo(method: string, target: string, page: () => string): Buffer {
  const plain = 'text/plain; charset=utf-8';
  const path = target.split('?', 1)[0];
  if (method !== 'GET' && method !== 'HEAD') return answer('405 Method Not Allowed', plain, 'Only GET\n');
  if (path !== '/' && path !== '/status/' && path !== '/status') return answer('404 Not Found', plain, 'Not found\n');
  return answer('200 OK', 'text/html; charset=utf-8', page(), method === 'HEAD');
}

function answer(status: string, contentType: string, text: string, isHead = false): Buffer {
  const body = Buffer.from(text);
  const head = responseHead(`HTTP/1.1 ${status}`, [
    ['Connection', 'close'],
    ['Content-Type', contentType],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
    ['Content-Security-Policy', STATUS_PAGE_POLICY],
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'no-referrer'],
  ]);
  return isHead ? head : Buffer.concat([head, body]);
}
