import type { Encoding } from '../types.ts';
import type { LevelQueue } from '../view/level-queue.ts';

interface Noted {
  readonly untilNs: number;
  readonly peaks: Float64Array;
}

/** Blocks that wait until they are heard; more would be over a minute. */
const MAX_WAITING = 256;

/**
 * Peaks of the tracks, as they are heard: what is read ahead is shown when its time has come. Peaks are 0 to 1 of full
 * scale, of the loudest channel; the lowest byte of 24 bits is left out.
 */
export class TrackLevels {
  readonly #tracks: readonly { readonly encoding: Encoding }[];
  readonly #waiting: Noted[] = [];
  readonly #shown: Float64Array;
  #queues: readonly LevelQueue[] | undefined;

  constructor(tracks: readonly { readonly encoding: Encoding }[]) {
    this.#tracks = tracks;
    this.#shown = new Float64Array(tracks.length);
  }

  /** Hands what is read from now on to a queue for each track as well; undefined: to none. */
  watch(queues: readonly LevelQueue[] | undefined): void {
    this.#queues = queues;
  }

  /**
   * Takes what was read.
   * @param blocks one for each track, little endian; undefined for one that is read elsewhere
   * @param untilNs when its last sample frame has left, since the start
   */
  note(blocks: readonly (Buffer | undefined)[], untilNs: number): void {
    const peaks = Float64Array.from(this.#tracks, ({ encoding }, index) => {
      const block = blocks[index];
      return block ? peakOf(block, encoding === 'L16' ? 2 : 3) : Number.NaN;
    });
    if (this.#queues) {
      for (const [index, block] of blocks.entries()) if (block) this.#queues[index]?.note(block);
    }
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push({ untilNs, peaks });
  }

  /** The peak of each track in the block that leaves at `elapsedNs` since the start, or left last. */
  at(elapsedNs: number): readonly number[] {
    while (this.#waiting.length > 0 && this.#waiting[0]!.untilNs <= elapsedNs) this.#waiting.shift();
    for (const { peaks } of this.#waiting.slice(0, 2)) {
      for (const [index, peak] of peaks.entries()) if (!Number.isNaN(peak)) this.#shown[index] = peak;
      if (!peaks.some(Number.isNaN)) break;
    }
    if (this.#waiting.length === 0) this.#shown.fill(0);
    return [...this.#shown];
  }
}

/** The largest absolute value of little-endian samples, as a share of full scale. */
function peakOf(block: Buffer, sampleBytes: 2 | 3): number {
  let peak = 0;
  for (let at = sampleBytes - 2; at + 1 < block.length; at += sampleBytes) {
    const value = ((block[at + 1]! << 24) >> 16) | block[at]!;
    const size = value < 0 ? -value : value;
    if (size > peak) peak = size;
  }
  return peak / 32_768;
}
