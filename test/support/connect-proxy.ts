import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** How a proxy of the tests behaves. */
export interface TestProxyOptions {
  /** The whole `Proxy-Authorization` that it wants. */
  readonly authorization?: string;
  /** Answered to every request instead of a tunnel; `hang` answers nothing. */
  readonly answer?: string | 'hang';
}

/** An HTTP proxy that knows CONNECT; names lead to this machine. */
export class TestProxy {
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: TestProxyOptions;

  constructor(options: TestProxyOptions = {}) {
    this.#options = options;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #serve(socket: Socket): void {
    this.#keep(socket);
    let head = '';
    const onData = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      this.requests.push(head);
      this.#answer(socket, head);
    };
    socket.on('data', onData);
  }

  #answer(socket: Socket, head: string): void {
    const { authorization, answer } = this.#options;
    if (answer === 'hang') return;
    if (answer !== undefined) return void socket.write(answer, 'latin1');
    if (authorization !== undefined && !head.includes(`\r\nProxy-Authorization: ${authorization}\r\n`)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
      return;
    }
    const port = Number(/^CONNECT \S+:(\d+) HTTP\/1\.1\r\n/.exec(head)?.[1]);
    const to = connect({ port, host: '127.0.0.1' }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
      socket.pipe(to);
      to.pipe(socket);
    });
    this.#keep(to);
  }
}
