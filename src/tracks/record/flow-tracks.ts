import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import { copySwapped } from '../../media/wav/samples.ts';
import { encodingBytes, formatOfEncoding } from '../types.ts';
import { FlowWatch } from '../view/flow-watch.ts';
import { conceal, concealedFrames } from './conceal.ts';
import type { FrameSink, TrackGap, TrackRun } from './flow-line-types.ts';
import type { FlowSpec } from './flow-spec.ts';
import type { TrackFile } from './track-file.ts';

const MAX_RUNS = 1000;

/** The tracks that a flow is written to: one for each channel, or one for all. */
export interface TrackShape {
  readonly name: string;
  /** Without a folder and without a suffix; unique within the take. */
  readonly fileName: string;
  readonly format: PcmFormat;
  /** The first channel of the flow that is in it. */
  readonly channel: number;
}

/** How a flow becomes tracks, whose names may not be unique yet. */
export function trackShapes(spec: FlowSpec, keepsFlows: boolean): Omit<TrackShape, 'fileName'>[] {
  const { encoding, sampleRate, channels, title, channelNames } = spec;
  if (keepsFlows || channels === 1) {
    return [{ name: title, format: formatOfEncoding(encoding, sampleRate, channels), channel: 0 }];
  }
  const digits = String(channels).length;
  return Array.from({ length: channels }, (_, channel) => ({
    name: channelNames[channel] ?? `${title} ${String(channel + 1).padStart(digits, '0')}`,
    format: formatOfEncoding(encoding, sampleRate, 1),
    channel,
  }));
}

/** How a flow's tracks are written. */
export interface FlowTracksOptions {
  readonly open: (shape: TrackShape) => TrackFile;
  /** Where the take ends; undefined: nowhere. */
  readonly maxFrames?: number | undefined;
  /** Whether what is lost is filled with sound like that before, fading out, instead of silence. */
  readonly conceals: boolean;
}

/** Writes what comes out of a flow's line into its tracks' files, which are opened with the first frames. */
export class FlowTracks implements FrameSink {
  /** Runs of timestamps, at most 1000 of them. */
  readonly runs: TrackRun[] = [];
  readonly shapes: readonly TrackShape[];
  readonly #spec: FlowSpec;
  readonly #open: (shape: TrackShape) => TrackFile;
  readonly #maxFrames: number;
  readonly #conceals: boolean;
  /** What each track ended with, for a gap that may follow. */
  readonly #tails: (Buffer | undefined)[] = [];
  #frames = 0;
  #gaps = 0;
  #gapFrames = 0;
  #gapEnd = -1;
  #files: readonly TrackFile[] = [];
  #peaks: number[];
  #watch: FlowWatch | undefined;

  constructor(
    spec: FlowSpec,
    shapes: readonly TrackShape[],
    { open, maxFrames = Number.POSITIVE_INFINITY, conceals }: FlowTracksOptions,
  ) {
    this.#spec = spec;
    this.#maxFrames = maxFrames;
    this.#conceals = conceals;
    this.shapes = shapes;
    this.#open = open;
    this.#peaks = shapes.map(() => 0);
  }

  /** One for each shape; none before the first frames. */
  get files(): readonly TrackFile[] {
    return this.#files;
  }

  /** Silence that was written: how many runs of it, and frames. */
  get missing(): { readonly gaps: number; readonly frames: number } {
    return { gaps: this.#gaps, frames: this.#gapFrames };
  }

  /** Whether it has all frames that it may have. */
  get isFull(): boolean {
    return this.#frames >= this.#maxFrames;
  }

  /** What is seen of the flow from the first call on. */
  get watched(): FlowWatch {
    const sampleBytes = encodingBytes(this.#spec.encoding);
    this.#watch ??= new FlowWatch(
      this.#spec.sampleRate,
      this.shapes.map(({ format: { sampleRate, channels } }) => ({ sampleRate, channels, sampleBytes })),
    );
    return this.#watch;
  }

  /** Whether none of its files can be written any more. */
  get hasFailed(): boolean {
    return this.#files.length > 0 && this.#files.every(({ failure }) => failure !== undefined);
  }

  samples(bytes: Buffer): void {
    const { encoding, channels } = this.#spec;
    const sampleBytes = encodingBytes(encoding);
    const frames = this.#room(bytes.length / (channels * sampleBytes));
    if (frames === 0) return;
    this.#watch?.came(frames);
    const source = { samples: bytes, channels };
    const keptBytes = this.#conceals ? concealedFrames(this.#spec.sampleRate) * sampleBytes : 0;
    for (const [index, file] of this.#opened().entries()) {
      const { channel, format } = this.shapes[index]!;
      const samples = Buffer.alloc(frames * format.channels * sampleBytes);
      const shape = { frames, channels: format.channels, sampleBytes };
      copySwapped({ ...source, channel }, { samples, channels: format.channels, channel: 0 }, shape);
      this.#watch?.samples(index, samples);
      this.#peaks[index] = Math.max(this.#peaks[index]!, peakOf(samples, sampleBytes));
      if (keptBytes > 0) this.#tails[index] = Buffer.from(samples.subarray(-keptBytes * format.channels));
      file.append(samples);
    }
  }

  silence({ start, end, cause }: TrackGap): void {
    const frames = this.#room(end - start);
    if (frames === 0) return;
    const isNew = start !== this.#gapEnd;
    if (isNew) this.#gaps++;
    this.#gapFrames += frames;
    this.#gapEnd = end;
    this.#watch?.missed(frames, cause !== 'absent');
    for (const [index, file] of this.#opened().entries()) {
      const concealed = isNew && cause === 'lost' ? this.#conceal(index, frames) : 0;
      file.silence(frames - concealed, cause);
    }
  }

  run(run: TrackRun): void {
    if (run.start < this.#maxFrames && this.runs.length < MAX_RUNS) this.runs.push(run);
  }

  /** The loudest sample of each track since the last call, 0 to 1. */
  takePeaks(): number[] {
    const peaks = this.#peaks;
    this.#peaks = peaks.map(() => 0);
    return peaks;
  }

  // Fills the beginning of a gap when that is wanted; answers how many frames.
  #conceal(index: number, frames: number): number {
    const tail = this.#tails[index];
    if (!tail) return 0;
    const { sampleRate, channels } = this.shapes[index]!.format;
    const sampleBytes = encodingBytes(this.#spec.encoding);
    const sound = conceal(tail, frames, { sampleRate, channels, sampleBytes });
    if (sound.length > 0) this.#files[index]!.append(sound, 'lost');
    return sound.length / (channels * sampleBytes);
  }

  // How many of so many further frames there is room for; they are counted as written.
  #room(frames: number): number {
    const taken = Math.min(frames, this.#maxFrames - this.#frames);
    this.#frames += taken;
    return taken;
  }

  #opened(): readonly TrackFile[] {
    if (this.#files.length === 0) this.#files = this.shapes.map(this.#open);
    return this.#files;
  }
}

// The upper two bytes of a sample are enough for a meter.
function peakOf(samples: Buffer, sampleBytes: 2 | 3): number {
  let peak = 0;
  for (let at = sampleBytes - 2; at + 1 < samples.length; at += sampleBytes) {
    const value = Math.abs(((samples[at + 1]! << 24) >> 16) | samples[at]!);
    if (value > peak) peak = value;
  }
  return Math.min(1, peak / 32_767);
}
