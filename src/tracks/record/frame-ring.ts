/** Holds sample frames by position until they are released: frame p stands at p modulo the capacity. */
export class FrameRing {
  /** How many frames there is room for, between the oldest that is still needed and the newest. */
  readonly capacity: number;
  readonly #bytes: Buffer;
  readonly #frameBytes: number;

  constructor(capacity: number, frameBytes: number) {
    this.capacity = capacity;
    this.#frameBytes = frameBytes;
    this.#bytes = Buffer.alloc(capacity * frameBytes);
  }

  /** Copies whole frames, not more than `capacity`, to the place of `position` and those after it. */
  write(position: number, frames: Buffer): void {
    const at = this.#offsetOf(position);
    const first = Math.min(frames.length, this.#bytes.length - at);
    frames.copy(this.#bytes, at, 0, first);
    if (first < frames.length) frames.copy(this.#bytes, 0, first);
  }

  /**
   * As many frames from `position` on, at most `frames`, as stand in one piece; at least one. The bytes are the ring's
   * own: use them before the next write.
   */
  read(position: number, frames: number): Buffer {
    const at = this.#offsetOf(position);
    return this.#bytes.subarray(at, Math.min(this.#bytes.length, at + frames * this.#frameBytes));
  }

  #offsetOf(position: number): number {
    return (((position % this.capacity) + this.capacity) % this.capacity) * this.#frameBytes;
  }
}
