import { opusSamples } from '../ogg/ogg-codec.ts';
import { SampleTime } from '../sync/sample-time.ts';
import { ebmlChildren, readEbmlUint } from './ebml.ts';
import { ID, type WebmTrack } from './webm-header.ts';

/** Assumed of the only block of a stream: Opus and Vorbis are about that. */
const USUAL_BLOCK_US = 20_000;
/** Clusters that begin so far from where the one before ended do not continue it. */
const MAX_JUMP_US = 1_000_000;
const LACING = 0x06;

/** Times of blocks, in steps; those of blocks count from the cluster's. */
interface BlockTimes {
  cluster: number;
  first: number;
  last: number;
  blocks: number;
}

/** How long clusters last: by the Opus packets in them to the sample, else by the times that they tell. */
export class ClusterTime {
  readonly #isOpus: boolean;
  readonly #usPerStep: number;
  readonly #samples: SampleTime;
  #endUs: number | undefined;
  #blockUs = USUAL_BLOCK_US;

  /** @param timestampScale nanoseconds of a step */
  constructor(track: WebmTrack, timestampScale: number) {
    this.#isOpus = track.codec === 'opus';
    this.#usPerStep = timestampScale / 1000;
    this.#samples = new SampleTime(track.sampleRate);
  }

  /** Length in microseconds of the next cluster, by its content. */
  durationUs(content: Buffer): number {
    const times: BlockTimes = {
      cluster: 0,
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      blocks: 0,
    };
    let samples = 0;
    for (const { id, data } of ebmlChildren(content)) {
      if (id === ID.timestamp) times.cluster = readEbmlUint(data);
      const block = id === ID.simpleBlock ? data : id === ID.blockGroup ? blockOf(data) : undefined;
      // The track's number in one byte, the time, the flags.
      if (!block || block.length < 4) continue;
      const time = block.readInt16BE(1);
      times.first = Math.min(times.first, time);
      times.last = Math.max(times.last, time);
      times.blocks++;
      samples += (block[3]! & LACING) === 0 ? opusSamples(block.subarray(4)) : Number.NaN;
    }
    if (times.blocks === 0) return 0;
    return this.#isOpus && samples >= 0 ? this.#samples.durationUs(samples) : this.#byTimes(times);
  }

  #byTimes({ cluster, first, last, blocks }: BlockTimes): number {
    if (blocks > 1) this.#blockUs = ((last - first) * this.#usPerStep) / (blocks - 1);
    const startUs = Math.round((cluster + first) * this.#usPerStep);
    const endUs = Math.round((cluster + last) * this.#usPerStep + this.#blockUs);
    const before = this.#endUs;
    this.#endUs = endUs;
    const continues = before !== undefined && Math.abs(startUs - before) <= MAX_JUMP_US;
    return Math.max(0, endUs - (continues ? before : startUs));
  }
}

function blockOf(group: Buffer): Buffer | undefined {
  for (const { id, data } of ebmlChildren(group)) if (id === ID.block) return data;
  return undefined;
}
