import type { Frame } from '../framer.ts';
import { OpaqueFramer } from '../opaque.ts';
import { MAX_GARBAGE_BYTES, type ProbingFramer } from './probing-framer.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * What the framers that look through bytes share: the bytes not worked through
 * yet, the ones passed over, and giving up. What is passed over is held until
 * the next frame shows that it was garbage, so that nothing is lost when the
 * stream turns out not to be the codec's: it and all that follows are passed
 * on as opaque bytes. Work is linear: bytes are joined only when there are
 * enough for the next step.
 */
export abstract class ScanningFramer implements ProbingFramer {
  readonly #contentType: string;
  #opaque: OpaqueFramer | undefined;

  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = 1;

  #held: Buffer[] = [];
  #garbageBytes = 0;
  #skippedBytes = 0;
  #tagBytes = 0;

  /** What is worked on now; `step` moves `at` on. */
  protected buffer: Buffer = NO_BYTES;
  protected at = 0;
  /** No more bytes will come. */
  protected ended = false;

  /** @param contentType what opaque bytes are sent as */
  protected constructor(contentType: string) {
    this.#contentType = contentType;
  }

  abstract get confirmed(): boolean;

  /** Handles what begins at `at` and moves on; false (see `wait`) when more bytes are needed. */
  protected abstract step(frames: Frame[]): boolean;

  get unframedBytes(): number {
    return this.#garbageBytes + this.#pendingBytes;
  }

  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  get note(): string | undefined {
    return this.#opaque?.note;
  }

  push(chunk: Buffer): Frame[] {
    if (this.#opaque) return this.#opaque.push(chunk);
    if (chunk.length === 0) return [];
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    return this.#pendingBytes < this.#neededBytes ? [] : this.#work();
  }

  flush(): Frame[] {
    if (this.#opaque) return this.#opaque.flush();
    this.ended = true;
    const frames = this.#work();
    this.dropHeld();
    return frames;
  }

  #work(): Frame[] {
    const frames: Frame[] = [];
    this.buffer = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.at = 0;
    while (this.#tagBytes > 0 ? this.#skipTag() : this.step(frames));
    const rest = this.buffer.subarray(this.at);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
    this.buffer = NO_BYTES;
    return frames;
  }

  /** Bytes from `at` that the next step needs. */
  protected wait(bytes: number): false {
    this.#neededBytes = bytes;
    return false;
  }

  /** Leaves out the next `bytes`, which may still have to come: a tag. */
  protected skip(bytes: number): true {
    this.#tagBytes = bytes;
    return true;
  }

  #skipTag(): boolean {
    const bytes = Math.min(this.#tagBytes, this.buffer.length - this.at);
    this.at += bytes;
    this.#tagBytes -= bytes;
    this.#skippedBytes += bytes;
    return this.#tagBytes === 0 || this.wait(1);
  }

  /** Holds the bytes up to `end` as garbage. */
  protected holdGarbage(end: number): void {
    this.#garbageBytes += end - this.at;
    this.holdPart(end);
  }

  /** Holds the bytes up to `end` as a part of what may become a frame. */
  protected holdPart(end: number): void {
    if (end > this.at) this.#held.push(this.buffer.subarray(this.at, end));
    this.at = end;
  }

  /** So many bytes that were held as parts are garbage after all. */
  protected spoilParts(bytes: number): void {
    this.#garbageBytes += bytes;
  }

  /** Garbage held since the last frame. */
  protected get garbageBytes(): number {
    return this.#garbageBytes;
  }

  /** True when so much garbage is held that there will be no more frames. */
  protected get isLost(): boolean {
    return this.#garbageBytes > MAX_GARBAGE_BYTES;
  }

  /** A frame was found: the parts that are held are in it, and the garbage is left out. */
  protected dropHeld(): void {
    this.#skippedBytes += this.#garbageBytes;
    this.#garbageBytes = 0;
    this.#held = [];
  }

  /** Passes on what is held, in order, and all that follows. */
  protected giveUp(frames: Frame[], note: string): false {
    this.#opaque = new OpaqueFramer({ contentType: this.#contentType, note });
    frames.push(...this.#opaque.push(Buffer.concat([...this.#held, this.buffer.subarray(this.at)])));
    this.#held = [];
    this.#garbageBytes = 0;
    this.at = this.buffer.length;
    return false;
  }
}
