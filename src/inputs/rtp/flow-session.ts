import type { AudioItem } from '../../core/audio-item.ts';
import { PcmBlocks } from '../../media/pcm/pcm-blocks.ts';
import { swapSamples } from '../../media/wav/samples.ts';
import type { SessionWriter } from '../../modules/session.ts';
import type { FrameSink, TrackGap, TrackRun } from '../../tracks/record/flow-line-types.ts';
import { type FlowSpec, frameBytesOfFlow } from '../../tracks/record/flow-spec.ts';
import { encodingBytes, formatOfEncoding } from '../../tracks/types.ts';

/** What a flow's session needs. */
export interface FlowSessionOptions {
  readonly spec: FlowSpec;
  /** Opens the session, with the first frames. */
  readonly open: (from: string) => SessionWriter;
  /** Silence of up to this length stands for audio that is missing. */
  readonly maxSilenceMs: number;
}

/** Hands what comes out of a flow's jitter buffer to the stream: samples, and silence of the length of what is missing. */
export class FlowSession implements FrameSink {
  readonly #options: FlowSessionOptions;
  readonly #blocks: PcmBlocks;
  #session: SessionWriter | undefined;
  #from = '';
  /** `frames` counts sample frames that came, `silentFrames` those that silence stands for. */
  readonly counters = { frames: 0, gaps: 0, silentFrames: 0, outages: 0, restarts: 0 };

  constructor(options: FlowSessionOptions) {
    const { encoding, sampleRate, channels, title } = options.spec;
    this.#options = options;
    this.#blocks = new PcmBlocks(formatOfEncoding(encoding, sampleRate, channels));
    if (title !== '') this.#blocks.setMetadata({ title });
  }

  samples(bytes: Buffer): void {
    this.counters.frames += bytes.length / frameBytesOfFlow(this.#options.spec);
    const samples = Buffer.from(bytes);
    swapSamples(samples, encodingBytes(this.#options.spec.encoding));
    this.#deliver(this.#blocks.push(samples));
  }

  silence({ start, end }: TrackGap): void {
    // Before the first frames nothing is missing.
    if (this.counters.frames === 0) return;
    const frames = end - start;
    const lostMs = (frames * 1000) / this.#options.spec.sampleRate;
    if (lostMs <= this.#options.maxSilenceMs) {
      this.counters.gaps++;
      this.counters.silentFrames += frames;
      return this.#deliver(this.#blocks.silence(frames));
    }
    this.counters.outages++;
    this.#deliver(this.#blocks.discontinuity({ cause: 'line-loss', lostMs: Math.round(lostMs) }));
  }

  run({ from, cause }: TrackRun): void {
    this.#from = from;
    if (cause !== 'first') this.counters.restarts++;
  }

  /** What waits for a whole block is handed on, and the session ends. */
  end(): void {
    this.#deliver(this.#blocks.flush());
    this.#session?.end();
  }

  #deliver(items: readonly AudioItem[]): void {
    if (items.length === 0) return;
    this.#session ??= this.#options.open(this.#from);
    this.#session.deliver(items);
  }
}
