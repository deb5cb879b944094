import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP client that sends bytes as written and keeps all that comes. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #wake: (() => void) | undefined;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data) => {
      this.#received.push(data);
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  /** Connects to a port of this machine and sends `text`, one byte per character. */
  static async open(port: number, text = '', host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect({ port, host, noDelay: true });
    await once(socket, 'connect');
    const client = new RawClient(socket);
    client.send(text);
    return client;
  }

  send(text: string): void {
    if (text !== '') this.socket.write(Buffer.from(text, 'latin1'));
  }

  /** All that came, one character per byte. */
  get text(): string {
    return Buffer.concat(this.#received).toString('latin1');
  }

  /** Resolves with all that came once it holds `part`; throws when the connection closes before. */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part)) {
      if (this.closed) throw new Error(`closed before ${JSON.stringify(part)}: ${JSON.stringify(this.text)}`);
      await this.#change();
    }
    return this.text;
  }

  /** Resolves with all that came once the connection is closed. */
  async untilClosed(): Promise<string> {
    while (!this.closed) await this.#change();
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Sends one request and gives the whole answer. */
export async function exchange(port: number, request: string): Promise<string> {
  const client = await RawClient.open(port, request);
  return client.untilClosed();
}
