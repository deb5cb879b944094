import type { AudioItem } from '../../core/audio-item.ts';
import type { Discontinuity, StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import { SampleTime } from '../sync/sample-time.ts';
import { frameBytesOf, type PcmFormat } from '../wav/pcm-format.ts';
import { blockFrames, pcmStreamFormat } from './stream-format.ts';

/** Cuts PCM into the frames of a stream: blocks of equal length, whose durations add up exactly. */
export class PcmBlocks {
  readonly format: StreamFormat;
  readonly pcm: PcmFormat;
  /** Bytes of a whole block. */
  readonly blockBytes: number;
  readonly #frameBytes: number;
  readonly #time: SampleTime;
  #block: Buffer | undefined;
  #filled = 0;
  #metadata: TrackMetadata | undefined;
  #discontinuity: Discontinuity | undefined;

  /** Throws RangeError for float PCM. */
  constructor(pcm: PcmFormat) {
    this.pcm = pcm;
    this.format = pcmStreamFormat(pcm);
    this.#frameBytes = frameBytesOf(pcm);
    this.blockBytes = blockFrames(pcm) * this.#frameBytes;
    this.#time = new SampleTime(pcm.sampleRate);
  }

  /** The metadata that holds from the next whole block on. */
  setMetadata(metadata: TrackMetadata): void {
    this.#metadata = metadata;
  }

  /** Audio is missing here. Answers what was waiting to fill a block, which ends here. */
  discontinuity(discontinuity: Discontinuity): AudioItem[] {
    const items = this.flush();
    this.#discontinuity = discontinuity;
    return items;
  }

  /** Takes bytes of samples (copied) and answers the blocks that are whole now. */
  push(samples: Buffer): AudioItem[] {
    const items: AudioItem[] = [];
    for (let at = 0; at < samples.length; ) {
      this.#block ??= Buffer.alloc(this.blockBytes);
      const block = this.#block;
      const taken = samples.copy(block, this.#filled, at, at + block.length - this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === block.length) items.push(this.#end(block));
    }
    return items;
  }

  /** Silence of that many sample frames. Answers the blocks that are whole now. */
  silence(frames: number): AudioItem[] {
    const items: AudioItem[] = [];
    for (let left = frames * this.#frameBytes; left > 0; ) {
      const portion = Math.min(left, this.blockBytes);
      items.push(...this.push(Buffer.alloc(portion)));
      left -= portion;
    }
    return items;
  }

  /** What waits for a whole block, as a shorter one; a cut sample frame is dropped. */
  flush(): AudioItem[] {
    const whole = this.#filled - (this.#filled % this.#frameBytes);
    const rest = this.#block?.subarray(0, whole);
    this.#filled = 0;
    this.#block = undefined;
    return rest?.length ? [this.#item(rest)] : [];
  }

  #end(block: Buffer): AudioItem {
    this.#block = undefined;
    this.#filled = 0;
    return this.#item(block);
  }

  #item(data: Buffer): AudioItem {
    const discontinuity = this.#discontinuity;
    this.#discontinuity = undefined;
    const durationUs = this.#time.durationUs(data.length / this.#frameBytes);
    return { data, durationUs, format: this.format, metadata: this.#metadata, discontinuity };
  }
}
