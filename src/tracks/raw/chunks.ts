/**
 * How a file is cut into raw datagrams: each slot of the grid has the sample frames of `delay` microseconds. Where
 * these are no whole number (44.1 kHz at 1 ms: 44.1), slots have one frame more or less, and the sum is exact.
 * @module
 */

/** The largest datagram: with the headers of IP and UDP it fits an Ethernet frame, so it is never fragmented. */
export const RAW_DATAGRAM_BYTES = 1440;

/** What is cut. */
export interface ChunkOptions {
  readonly sampleRate: number;
  /** Bytes of one sample frame. */
  readonly frameBytes: number;
  readonly delayMicroseconds: number;
}

/** Gives the sizes of datagrams, from the first of a file on. It knows no end: the last one is what is left. */
export class ChunkCutter {
  readonly #frameBytes: number;
  readonly #wholeFrames: number;
  readonly #partFrames: number;
  readonly #datagramBytes: number;
  #part = 0;
  #slot = -1;
  #left = 0;

  /** @throws RangeError when a slot would have no sample frame */
  constructor({ sampleRate, frameBytes, delayMicroseconds }: ChunkOptions) {
    const scaled = sampleRate * delayMicroseconds;
    if (!(scaled >= 1e6)) throw new RangeError(`there is no sample within ${delayMicroseconds} us at ${sampleRate} Hz`);
    this.#frameBytes = frameBytes;
    this.#wholeFrames = Math.floor(scaled / 1e6);
    this.#partFrames = scaled % 1e6;
    this.#datagramBytes = Math.max(1, Math.floor(RAW_DATAGRAM_BYTES / frameBytes)) * frameBytes;
    if (frameBytes > RAW_DATAGRAM_BYTES) this.#datagramBytes = RAW_DATAGRAM_BYTES;
  }

  /** The largest datagram that is given. */
  get datagramBytes(): number {
    return Math.min(this.#datagramBytes, (this.#wholeFrames + 1) * this.#frameBytes);
  }

  /** The most datagrams of one slot. */
  get datagramsPerSlot(): number {
    return Math.ceil(((this.#wholeFrames + 1) * this.#frameBytes) / this.#datagramBytes);
  }

  /** The slot of the datagram that `next` gave last, from 0. */
  get slot(): number {
    return this.#slot;
  }

  /** The size of the next datagram. */
  next(): number {
    if (this.#left === 0) this.#beginSlot();
    const bytes = Math.min(this.#left, this.#datagramBytes);
    this.#left -= bytes;
    return bytes;
  }

  #beginSlot(): void {
    this.#slot += 1;
    this.#part += this.#partFrames;
    const extra = this.#part >= 1e6 ? 1 : 0;
    this.#part -= extra * 1e6;
    this.#left = (this.#wholeFrames + extra) * this.#frameBytes;
  }
}
