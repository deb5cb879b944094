import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Clock } from '../../src/core/clock.ts';
import { sleep } from '../../src/core/clock.ts';
import { DistreamError } from '../../src/core/errors.ts';
import type { DialTarget, ListenAddress, NetworkAccess } from '../../src/modules/network.ts';
import { noLinks } from './no-links.ts';

/** How a line carries bytes. */
export interface LineOptions {
  readonly clock: Clock;
  /** 0 to 1; where the bytes are cut. */
  readonly random: () => number;
  /** Time that each portion takes. Default 5 ms. */
  readonly portionMs?: number;
  /** Most bytes of a portion. Default 4,096. */
  readonly portionBytes?: number;
}

/** One end of a connection in memory. */
class LineSocket extends Duplex {
  readonly remoteAddress = '192.0.2.7';
  peer: LineSocket | undefined;
  readonly #line: UnstableLine;
  #queue: { bytes: Buffer; done: () => void }[] = [];
  #busy = false;

  constructor(line: UnstableLine) {
    super({ allowHalfOpen: false });
    this.#line = line;
    this.on('error', () => {});
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#queue.push({ bytes, done });
    this.carry();
  }

  override _final(done: () => void): void {
    this.#queue.push({ bytes: Buffer.alloc(0), done });
    this.carry();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#line.closed(this);
    done(error);
  }

  /** Brings the next portion to the peer, unless the line is down. */
  carry(): void {
    const { clock, random, portionMs = 5, portionBytes = 4096 } = this.#line.options;
    if (this.#busy || this.#line.isDown || this.#queue.length === 0 || this.destroyed) return;
    this.#busy = true;
    clock.after(portionMs, () => {
      this.#busy = false;
      if (this.#line.isDown || this.destroyed) return;
      const next = this.#queue[0]!;
      const length = Math.min(next.bytes.length, 1 + Math.floor(random() * portionBytes));
      if (!this.peer?.destroyed)
        this.peer?.push(next.bytes.length === 0 ? null : Buffer.from(next.bytes.subarray(0, length)));
      next.bytes = next.bytes.subarray(length);
      if (next.bytes.length === 0) {
        this.#queue.shift();
        next.done();
      }
      this.carry();
    });
  }
}

/**
 * A network in memory over one line that fails: black for a while (what is sent waits), or cut (connections are
 * reset). The bytes arrive in random portions.
 */
export class UnstableLine implements NetworkAccess {
  readonly links = noLinks;
  readonly options: LineOptions;
  isDown = false;
  readonly #listeners = new Map<number, (socket: Socket) => void>();
  readonly #sockets = new Set<LineSocket>();
  #upAgain: (() => void)[] = [];

  constructor(options: LineOptions) {
    this.options = options;
  }

  /** Connections that one of the ends still holds. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Nothing comes through until `up`. */
  down(): void {
    this.isDown = true;
  }

  up(): void {
    this.isDown = false;
    for (const socket of this.#sockets) {
      if (socket.peer?.destroyed) socket.destroy();
      else socket.carry();
    }
    for (const resume of this.#upAgain.splice(0)) resume();
  }

  /** Resets every connection; what was on its way is lost. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  }

  /** An end was closed: the other learns it when the line is up. */
  closed(socket: LineSocket): void {
    this.#sockets.delete(socket);
    if (!this.isDown && !socket.writableFinished) socket.peer?.destroy();
  }

  async dial({ port, timeoutMs, displayUrl, signal }: DialTarget): Promise<Socket> {
    if (this.isDown)
      await Promise.race([
        new Promise<void>((up) => this.#upAgain.push(up)),
        sleep(this.options.clock, timeoutMs, signal),
      ]);
    const accept = this.#listeners.get(port);
    if (this.isDown) throw new DistreamError('TIMED_OUT', { url: displayUrl, seconds: timeoutMs / 1000 });
    if (!accept) throw new DistreamError('UNREACHABLE', { url: displayUrl, reason: 'connection refused' });
    const [here, there] = [new LineSocket(this), new LineSocket(this)];
    here.peer = there;
    there.peer = here;
    this.#sockets.add(here).add(there);
    accept(there as unknown as Socket);
    return here as unknown as Socket;
  }

  async listen({ port }: ListenAddress, onConnection: (socket: Socket) => void) {
    this.#listeners.set(port, onConnection);
    return { port, close: () => void this.#listeners.delete(port) };
  }

  front(): Promise<never> {
    return Promise.reject(new Error('no front on this line'));
  }

  releaseFront(): void {}
}
