import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from './localhost-certificate.ts';

/** Answers one request; `turn` counts the requests from 0. */
export type Script = (socket: Socket, request: string, turn: number) => void;

/** A server on loopback that does to each request what its script says, and keeps the requests. */
export class ScriptedServer {
  readonly requests: string[] = [];
  readonly sockets: Socket[] = [];
  /** Where it listens, or did. */
  port = 0;
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];

  private constructor(script: Script, tls: boolean) {
    const onConnection = (socket: Socket) => this.#serve(socket, script);
    this.#server = tls
      ? createTlsServer({ cert: LOCALHOST_CERTIFICATE, key: LOCALHOST_KEY }, onConnection)
      : createServer(onConnection);
  }

  /** Listens on a free port of 127.0.0.1. A string is sent and the connection closed. */
  static async start(script: Script | string, options: { tls?: boolean } = {}): Promise<ScriptedServer> {
    const act: Script = typeof script === 'string' ? (socket) => socket.end(script, 'latin1') : script;
    const server = new ScriptedServer(act, options.tls ?? false);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    server.port = (server.#server.address() as { port: number }).port;
    return server;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Resolves when the next request has come. */
  nextRequest(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket, script: Script): void {
    this.sockets.push(socket);
    socket.on('error', () => {});
    let request = '';
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1');
      if (!request.endsWith('\r\n\r\n')) return;
      this.requests.push(request);
      script(socket, request, this.requests.length - 1);
      request = '';
      for (const tell of this.#waiting.splice(0)) tell();
    });
  }
}
