const EMPTY = Buffer.alloc(0);

/** Frames that wait to be sent; the owner of the connection takes them after each call. */
export class Outbox {
  #frames: Buffer[] = [];
  #bytes = 0;

  /** Bytes that wait. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  put(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  /** All that waits, joined; empty when nothing does. The caller owns it. */
  take(): Buffer {
    const { length } = this.#frames;
    if (length === 0) return EMPTY;
    const bytes = length === 1 ? this.#frames[0]! : Buffer.concat(this.#frames, this.#bytes);
    this.#frames = [];
    this.#bytes = 0;
    return bytes;
  }
}
