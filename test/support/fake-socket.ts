import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A socket that keeps what is written to it; `stall` makes it take nothing more. */
export class FakeSocket extends Duplex {
  readonly #chunks: Buffer[] = [];
  #stalled = false;
  #held: (() => void) | undefined;

  /** The same object, typed as the socket that it stands for. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  stall(): void {
    this.#stalled = true;
  }

  /** Takes again what waits. */
  resumeReading(): void {
    this.#stalled = false;
    this.#held?.();
    this.#held = undefined;
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    if (this.#stalled) this.#held = done;
    else done();
  }
}
