import { frameBytesOf } from '../../media/wav/pcm-format.ts';
import type { RingWriter } from '../pace/ring.ts';
import type { WavFile } from '../wav-file.ts';
import { ChunkCutter } from './chunks.ts';

const BLOCK_BYTES = 1 << 18;

/** One file on its way into a ring: its audio, byte for byte, cut into datagrams. Owns the file. */
export class RawTrack {
  readonly file: WavFile;
  readonly cutter: ChunkCutter;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  /** What of the block is not in the ring yet. */
  #from = 0;
  #to = 0;
  /** How much of the audio was read from the file. */
  #read = 0;
  #isOver = false;

  /** @throws RangeError when a slot would have no sample frame */
  constructor(file: WavFile, delayMicroseconds: number) {
    const { format } = file.head;
    this.file = file;
    this.cutter = new ChunkCutter({
      sampleRate: format.sampleRate,
      frameBytes: frameBytesOf(format),
      delayMicroseconds,
    });
  }

  /** Bytes of audio a second. */
  get bytesPerSecond(): number {
    return this.file.head.format.sampleRate * frameBytesOf(this.file.head.format);
  }

  /**
   * Fills the ring as far as it has room, and ends it after the last datagram. Answers true when all is in it.
   * @throws DistreamError TRACK_UNREADABLE
   */
  async fill(ring: RingWriter): Promise<boolean> {
    while (!this.#isOver && ring.free > 0) {
      if (this.#to - this.#from < this.cutter.datagramBytes) await this.#readOn();
      const held = this.#to - this.#from;
      const bytes = held === 0 ? 0 : Math.min(held, this.cutter.next());
      if (bytes > 0) {
        this.#block.copy(ring.packet, 0, this.#from, this.#from + bytes);
        this.#from += bytes;
        ring.commit(bytes, this.cutter.slot);
      }
      this.#isOver = this.#from === this.#to && this.#read === this.file.head.dataBytes;
      if (this.#isOver) ring.end();
    }
    return this.#isOver;
  }

  async #readOn(): Promise<void> {
    this.#block.copyWithin(0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
    const read = await this.file.read(this.#block.subarray(this.#to), this.#read);
    this.#read += read;
    this.#to += read;
  }
}
