import { DistreamError } from '../../core/errors.ts';
import { convertSamples } from '../../media/wav/convert.ts';
import { frameBytesOf, type PcmFormat } from '../../media/wav/pcm-format.ts';
import { type Encoding, encodingBytes } from '../types.ts';

/** Where a track's audio comes from: a `WavFile`, or memory in tests. */
export interface AudioSource {
  readonly head: { readonly format: PcmFormat; readonly frames: number };
  /** Fills `target` from `offset` bytes after the beginning of the audio; answers the bytes read. */
  read(target: Buffer, offset: number): Promise<number>;
}

/** How a track is read. */
export interface TrackReaderOptions {
  readonly encoding: Encoding;
  /** The length of the session in sample frames; silence follows a shorter track. */
  readonly totalFrames: number;
  /** After `totalFrames` it begins again. */
  readonly isLoop: boolean;
  /** Reading failed: silence goes in the place of what remains, because the other tracks go on. Called once. */
  readonly onProblem: (problem: DistreamError) => void;
}

/** Reads a track in the width that goes on the wire, little endian as files have it. */
export class TrackReader {
  readonly channels: number;
  readonly encoding: Encoding;
  readonly #source: AudioSource;
  readonly #options: TrackReaderOptions;
  readonly #sourceFrameBytes: number;
  readonly #frameBytes: number;
  readonly #isAsItIs: boolean;
  #raw = Buffer.alloc(0);
  #block = Buffer.alloc(0);
  /** Sample frames since the last beginning. */
  #position = 0;
  #altered = 0;
  #hasFailed = false;

  constructor(source: AudioSource, options: TrackReaderOptions) {
    const { format } = source.head;
    const sampleBytes = encodingBytes(options.encoding);
    this.#source = source;
    this.#options = options;
    this.channels = format.channels;
    this.encoding = options.encoding;
    this.#sourceFrameBytes = frameBytesOf(format);
    this.#frameBytes = format.channels * sampleBytes;
    this.#isAsItIs = !format.isFloat && format.bitsPerSample === sampleBytes * 8;
  }

  /** Samples whose value was rounded or limited. */
  get alteredSamples(): number {
    return this.#altered;
  }

  /** The next sample frames; valid until the next call. */
  async read(frames: number): Promise<Buffer> {
    const bytes = frames * this.#frameBytes;
    if (this.#block.length < bytes) this.#block = Buffer.alloc(bytes);
    const block = this.#block.subarray(0, bytes);
    for (let done = 0; done < frames; ) {
      done += await this.#readRun(block.subarray(done * this.#frameBytes), frames - done);
    }
    return block;
  }

  /** Audio or silence, up to where the one becomes the other. Answers the sample frames. */
  async #readRun(target: Buffer, wanted: number): Promise<number> {
    const { totalFrames, isLoop } = this.#options;
    const audioLeft = this.#source.head.frames - this.#position;
    const left = audioLeft > 0 ? Math.min(audioLeft, totalFrames - this.#position) : totalFrames - this.#position;
    const frames = left > 0 ? Math.min(wanted, left) : wanted;
    const bytes = frames * this.#frameBytes;
    if (audioLeft > 0 && !this.#hasFailed) await this.#readOrSilence(target.subarray(0, bytes), frames);
    else target.fill(0, 0, bytes);
    this.#position += frames;
    if (isLoop && this.#position === totalFrames) this.#position = 0;
    return frames;
  }

  async #readOrSilence(target: Buffer, frames: number): Promise<void> {
    try {
      await this.#readAudio(target, frames);
    } catch (error) {
      if (!(error instanceof DistreamError)) throw error;
      this.#hasFailed = true;
      target.fill(0);
      this.#options.onProblem(error);
    }
  }

  async #readAudio(target: Buffer, frames: number): Promise<void> {
    const offset = this.#position * this.#sourceFrameBytes;
    if (this.#isAsItIs) {
      await this.#source.read(target, offset);
      return;
    }
    const bytes = frames * this.#sourceFrameBytes;
    if (this.#raw.length < bytes) this.#raw = Buffer.alloc(bytes);
    const raw = this.#raw.subarray(0, bytes);
    await this.#source.read(raw, offset);
    this.#altered += convertSamples(raw, this.#source.head.format, target, encodingBytes(this.encoding));
  }
}
