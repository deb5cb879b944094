import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import { copySwapped } from '../../media/wav/samples.ts';
import { encodingBytes, formatOfEncoding } from '../types.ts';
import type { FrameSink, TrackGap, TrackRun } from './flow-line-types.ts';
import type { FlowSpec } from './flow-spec.ts';
import type { TrackFile } from './track-file.ts';

const MAX_RUNS = 1000;

/** The tracks that a flow is written to: one for each channel, or one for all. */
export interface TrackShape {
  readonly name: string;
  readonly format: PcmFormat;
  /** The first channel of the flow that is in it. */
  readonly channel: number;
}

/** How a flow becomes tracks. Names may not be unique yet. */
export function trackShapes(spec: FlowSpec, keepsFlows: boolean): TrackShape[] {
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

/** Writes what comes out of a flow's line into its tracks' files, which are opened with the first frames. */
export class FlowTracks implements FrameSink {
  /** Runs of timestamps, at most 1000 of them. */
  readonly runs: TrackRun[] = [];
  readonly shapes: readonly TrackShape[];
  readonly #spec: FlowSpec;
  readonly #open: (shape: TrackShape) => TrackFile;
  #files: readonly TrackFile[] = [];
  #peaks: number[];

  constructor(spec: FlowSpec, shapes: readonly TrackShape[], open: (shape: TrackShape) => TrackFile) {
    this.#spec = spec;
    this.shapes = shapes;
    this.#open = open;
    this.#peaks = shapes.map(() => 0);
  }

  /** One for each shape; none before the first frames. */
  get files(): readonly TrackFile[] {
    return this.#files;
  }

  samples(bytes: Buffer): void {
    const { encoding, channels } = this.#spec;
    const sampleBytes = encodingBytes(encoding);
    const frames = bytes.length / (channels * sampleBytes);
    const source = { samples: bytes, channels };
    for (const [index, file] of this.#opened().entries()) {
      const { channel, format } = this.shapes[index]!;
      const samples = Buffer.alloc(frames * format.channels * sampleBytes);
      const shape = { frames, channels: format.channels, sampleBytes };
      copySwapped({ ...source, channel }, { samples, channels: format.channels, channel: 0 }, shape);
      this.#peaks[index] = Math.max(this.#peaks[index]!, peakOf(samples, sampleBytes));
      file.append(samples);
    }
  }

  silence({ start, end, cause }: TrackGap): void {
    for (const file of this.#opened()) file.silence(end - start, cause);
  }

  run(run: TrackRun): void {
    if (this.runs.length < MAX_RUNS) this.runs.push(run);
  }

  /** The loudest sample of each track since the last call, 0 to 1. */
  takePeaks(): number[] {
    const peaks = this.#peaks;
    this.#peaks = peaks.map(() => 0);
    return peaks;
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
