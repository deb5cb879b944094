import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Where a client seems to come from; a second address of the loopback network keeps strangers apart from the victim's peers. */
export const STRANGER = '127.0.0.2';
/** Where the victim's source and listeners are. */
export const HOME = '127.0.0.1';

const IN_VAIN_MS = 6000;

const strangers = new Set<HostileClient>();

/** Closes every client that a test has left open, the victim's own apart. */
export function closeStrangers(): void {
  for (const client of strangers) client.close();
}

/** A TCP client that sends bytes as they are and keeps what comes. */
export class HostileClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  readonly #wakes = new Set<() => unknown>();
  closed = false;
  /** The connection was reset. */
  reset = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data) => {
      this.#received.push(data);
      this.#wake();
    });
    socket.on('end', () => this.#wake());
    socket.on('error', (error) => {
      this.reset ||= (error as { code?: string }).code === 'ECONNRESET';
    });
    socket.on('close', () => {
      this.closed = true;
      strangers.delete(this);
      this.#wake();
    });
  }

  /** Connects and sends `text`, one byte per character. */
  static async open(port: number, text: string | Buffer = '', from = STRANGER): Promise<HostileClient> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true, allowHalfOpen: true });
    const client = new HostileClient(socket);
    if (from !== HOME) strangers.add(client);
    await once(socket, 'connect');
    client.send(text);
    return client;
  }

  send(data: string | Buffer): void {
    if (data.length > 0 && this.socket.writable) {
      this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    }
  }

  get received(): Buffer {
    if (this.#received.length !== 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0]!;
  }

  /** All that came, one character per byte. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** The status of the final answer; 0 while there is none. */
  get status(): number {
    return Number(
      /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?(?:HTTP\/1\.[01]|ICY) ([2-5]\d\d)/.exec(this.#opening)?.[1] ?? 0,
    );
  }

  /** Enough for the status, and to tell people what came. */
  get #opening(): string {
    return this.received.toString('latin1', 0, 200);
  }

  /** What came after the head. */
  get body(): Buffer {
    const all = this.received;
    const end = all.indexOf('\r\n\r\n');
    return end < 0 ? Buffer.alloc(0) : all.subarray(end + 4);
  }

  async untilClosed(): Promise<string> {
    await this.#eventually('the end of a connection', () => this.closed || this.socket.readableEnded);
    this.close();
    return this.text;
  }

  async until(part: string): Promise<string> {
    const bytes = Buffer.from(part, 'latin1');
    await this.#eventually(JSON.stringify(part), () => this.received.includes(bytes));
    return this.text;
  }

  /** Resolves with the status of the answer, or 0 where the connection ends without one. */
  async answer(): Promise<number> {
    await this.#eventually('an answer', () => this.status > 0 || this.closed || this.socket.readableEnded);
    return this.status;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Ends the connection with a RST. */
  abort(): void {
    this.socket.resetAndDestroy();
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }

  /** Looks whenever something came; throws with `what` when it never does. */
  async #eventually(what: string, isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (act: () => void) => {
        this.#wakes.delete(look);
        clearTimeout(inVain);
        act();
      };
      const look = () => isThere() && end(resolve);
      const inVain = setTimeout(
        () => end(() => reject(new Error(`waited in vain for ${what}; it has ${JSON.stringify(this.#opening)}`))),
        IN_VAIN_MS,
      );
      this.#wakes.add(look);
    });
  }
}

/** Sends one request and gives the whole answer. */
export async function askRaw(port: number, request: string | Buffer, from = STRANGER): Promise<HostileClient> {
  const client = await HostileClient.open(port, request, from);
  await client.untilClosed();
  return client;
}

/** `Authorization` with these credentials, with its line end. */
export function basicAuth(user: string, password: string): string {
  return `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`;
}
