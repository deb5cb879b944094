import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { type Client, rememberClient } from './client-address.ts';

const IDLE_TIMEOUT_MS = 60_000;

/**
 * Lets node:http answer requests whose head a front has read. The server itself never listens. One request a
 * connection (`Connection: close` on each answer), so that each new request passes the front.
 */
export class HttpSide {
  readonly #server: Server;

  constructor(requestListener: RequestListener) {
    this.#server = createServer({ maxHeaderSize: 32 * 1024 }, (request, response) => {
      response.shouldKeepAlive = false;
      requestListener(request, response);
    });
    // a request that came in the same packet must not reach the listener unseen by the front
    this.#server.maxRequestsPerSocket = 1;
    this.#server.timeout = IDLE_TIMEOUT_MS;
  }

  /** Takes a paused connection; `head` and `rest` are the bytes that were read, untouched. */
  accept(socket: Socket, head: Buffer, rest: Buffer, client: Client): void {
    rememberClient(socket, client);
    // a client may end its side after the request and still read the answer
    socket.allowHalfOpen = true;
    socket.unshift(rest.length > 0 ? Buffer.concat([head, rest]) : head);
    this.#server.emit('connection', socket);
    socket.resume();
  }
}
