import { createHash } from 'node:crypto';
import { frameBytesOf, type PcmFormat } from '../../media/wav/pcm-format.ts';
import { type BlockAccount, BlockDigests } from './block-digests.ts';
import { type GapCause, GapList } from './gap-list.ts';

/** What was sent or recorded of a track, by its hashes. Positions are sample frames since the session's start. */
export interface PcmAccount {
  /** Position of the first sample frame. */
  readonly startFrame: number;
  readonly frames: number;
  /** Of all samples: interleaved, little endian, as they stand in the data chunk of a WAV file; 64 hexadecimal digits. */
  readonly sha256: string;
  readonly blocks: BlockAccount;
}

const SILENCE = Buffer.alloc(65_536);

/** Hashes a track while it runs, in memory that does not grow with it. The same on both sides: what is sent, what is written. */
export class PcmHasher {
  /** What was told to be missing, at positions of the session. */
  readonly gaps: GapList;
  readonly #frameBytes: number;
  readonly #startFrame: number;
  readonly #hash = createHash('sha256');
  readonly #blocks: BlockDigests;
  #frames = 0;

  constructor({ format, startFrame = 0, maxGaps }: { format: PcmFormat; startFrame?: number; maxGaps?: number }) {
    this.#frameBytes = frameBytesOf(format);
    this.#startFrame = startFrame;
    this.#blocks = new BlockDigests(this.#frameBytes, startFrame);
    this.gaps = new GapList(maxGaps === undefined ? {} : { maxGaps });
  }

  /** Position of the sample frame that comes next. */
  get position(): number {
    return this.#startFrame + this.#frames;
  }

  /**
   * The next sample frames, little endian as in a file. They are not kept.
   * @param pcm whole sample frames; throws RangeError otherwise
   */
  push(pcm: Buffer): void {
    if (pcm.length % this.#frameBytes !== 0) throw new RangeError(`${pcm.length} bytes are not whole sample frames`);
    this.#update(pcm);
    this.#frames += pcm.length / this.#frameBytes;
  }

  /**
   * The next sample frames are missing: silence of that length stands in their place, and is hashed. Hashes about half
   * a gigabyte a second; tell a long gap in portions, which become one entry.
   */
  gap(frames: number, cause: GapCause): void {
    this.gaps.add(this.position, this.position + frames, cause);
    for (let left = frames * this.#frameBytes; left > 0; left -= SILENCE.length) {
      this.#update(left < SILENCE.length ? SILENCE.subarray(0, left) : SILENCE);
    }
    this.#frames += frames;
  }

  /** The account up to here; hashing may go on. */
  account(): PcmAccount {
    return {
      startFrame: this.#startFrame,
      frames: this.#frames,
      sha256: this.#hash.copy().digest('hex'),
      blocks: this.#blocks.account(),
    };
  }

  #update(pcm: Buffer): void {
    this.#hash.update(pcm);
    this.#blocks.push(pcm);
  }
}
