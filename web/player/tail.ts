/**
 * Finds in a new answer the place where an old one stopped.
 * @module
 */

/** Bytes at the end of what was heard that are looked for; enough never to fit by chance. */
const TAIL = 1024;

/** Keeps the last bytes of a run of sound. */
export class Tail {
  #bytes = new Uint8Array(0);

  get length(): number {
    return this.#bytes.length;
  }

  /** Notes what was played. */
  push(data: Uint8Array): void {
    if (data.length >= TAIL) {
      this.#bytes = data.slice(-TAIL);
      return;
    }
    const keep = this.#bytes.subarray(Math.max(0, this.#bytes.length + data.length - TAIL));
    const next = new Uint8Array(keep.length + data.length);
    next.set(keep);
    next.set(data, keep.length);
    this.#bytes = next;
  }

  clear(): void {
    this.#bytes = new Uint8Array(0);
  }

  /** The byte of `data` behind the tail, or -1. Searches from `from` on. */
  endIn(data: Uint8Array, from = 0): number {
    const tail = this.#bytes;
    if (tail.length < TAIL) return -1;
    const last = data.length - tail.length;
    for (let at = Math.max(0, from); at <= last; at++) {
      at = data.indexOf(tail[0]!, at);
      if (at < 0 || at > last) return -1;
      let same = 1;
      while (same < tail.length && data[at + same] === tail[same]) same++;
      if (same === tail.length) return at + tail.length;
    }
    return -1;
  }
}
