import { SampleTime } from '../sync/sample-time.ts';
import type { OggCodec } from './ogg-codec.ts';
import { type OggPage, packetsOf } from './ogg-page.ts';

/** No page is believed to last longer. */
const MAX_PAGE_SECONDS = 60;

/**
 * Lengths of page groups of one link, from the difference of their granules.
 * Where that makes no sense (the first page, a step back, a leap) the packets
 * are counted instead.
 */
export class GranuleTime {
  readonly #codec: OggCodec;
  readonly #time: SampleTime;
  readonly #maxSamples: number;
  #last: number | undefined;

  constructor(codec: OggCodec) {
    this.#codec = codec;
    this.#time = new SampleTime(codec.sampleRate);
    this.#maxSamples = codec.sampleRate * MAX_PAGE_SECONDS;
  }

  /** The length in microseconds of pages that begin and end on a packet border; called once for each group, in order. */
  durationUs(pages: readonly OggPage[]): number {
    return this.#time.durationUs(Math.min(Math.max(0, this.#samples(pages)), this.#maxSamples));
  }

  #samples(pages: readonly OggPage[]): number {
    const granule = pages[pages.length - 1]!.granule;
    // No packet ends here; the next granule tells.
    if (granule === undefined) return 0;
    const last = this.#last;
    if (last === undefined) return this.#firstSamples(pages, granule);
    const samples = granule - last;
    if (samples >= 0 && samples <= this.#maxSamples) {
      this.#last = granule;
      return samples;
    }
    const estimated = this.#estimate(pages);
    this.#last = granule >= 0 ? granule : last + estimated;
    return estimated;
  }

  /** A link that is joined late begins with a large granule: then the packets tell, else the granule. */
  #firstSamples(pages: readonly OggPage[], granule: number): number {
    const estimated = this.#estimate(pages);
    this.#last = granule >= 0 ? granule : estimated;
    const samples = granule >= 0 ? Math.min(granule, estimated) : estimated;
    return samples - this.#codec.preSkip;
  }

  #estimate(pages: readonly OggPage[]): number {
    return packetsOf(pages).reduce((sum, packet) => sum + this.#codec.estimateSamples(packet), 0);
  }
}
