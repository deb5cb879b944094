import { convertSamples } from '../../media/wav/convert.ts';
import { frameBytesOf } from '../../media/wav/pcm-format.ts';
import type { FlowPart, RangeAccount } from '../../protocols/repair/messages.ts';
import type { PlannedFlow } from '../plan/schema.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import type { AudioSource } from '../send/track-reader.ts';
import { encodingBytes, formatOfEncoding } from '../types.ts';

/** What a flow is made of. */
export interface FlowAudioOptions {
  readonly flow: Pick<PlannedFlow, 'encoding' | 'sampleRate' | 'channels' | 'sources'>;
  /** All tracks of the session, by the numbers that the flow's sources have. */
  readonly tracks: readonly AudioSource[];
  /** The session's length in sample frames of the flow's rate: silence follows a shorter track. */
  readonly totalFrames: number;
  /** After `totalFrames` it begins again. */
  readonly isLoop: boolean;
}

const HASHED_AT_ONCE = 16_384;

/**
 * The sound of a flow from any place: exactly what was sent, read again from the files, samples interleaved and little
 * endian.
 */
export class FlowAudio {
  readonly #options: FlowAudioOptions;
  readonly #sampleBytes: 2 | 3;

  constructor(options: FlowAudioOptions) {
    this.#options = options;
    this.#sampleBytes = encodingBytes(options.flow.encoding);
  }

  /**
   * Sample frames of some channels.
   * @throws DistreamError TRACK_UNREADABLE
   */
  async read(part: Omit<FlowPart, 'flow'>, start: number, frames: number): Promise<Buffer> {
    const { totalFrames, isLoop } = this.#options;
    const frameBytes = part.channels * this.#sampleBytes;
    const target = Buffer.alloc(frames * frameBytes);
    for (let done = 0; done < frames; ) {
      const position = isLoop ? (start + done) % totalFrames : start + done;
      const run = Math.min(frames - done, isLoop ? totalFrames - position : frames);
      await this.#readRun(part, position, target.subarray(done * frameBytes, (done + run) * frameBytes));
      done += run;
    }
    return target;
  }

  /**
   * The hashes of a stretch, in the recorder's counting: its first frame is at `position` there.
   * @throws DistreamError TRACK_UNREADABLE
   */
  async account(
    part: Omit<FlowPart, 'flow'>,
    { start, frames, position }: { start: number; frames: number; position: number },
    isWanted: () => boolean = () => true,
  ): Promise<RangeAccount> {
    const { encoding, sampleRate } = this.#options.flow;
    const format = formatOfEncoding(encoding, sampleRate, part.channels);
    const hasher = new PcmHasher({ format, startFrame: position });
    for (let done = 0; done < frames && isWanted(); ) {
      const portion = Math.min(HASHED_AT_ONCE, frames - done);
      hasher.push(await this.read(part, start + done, portion));
      done += portion;
    }
    return hasher.account();
  }

  async #readRun({ channel, channels }: Omit<FlowPart, 'flow'>, position: number, target: Buffer): Promise<void> {
    const { flow, tracks } = this.#options;
    let first = 0;
    for (const source of flow.sources) {
      const from = Math.max(channel, first);
      const to = Math.min(channel + channels, first + source.channels);
      if (from < to) {
        const taken = { channel: source.firstChannel + from - first, channels: to - from };
        await this.#copy(tracks[source.track]!, taken, position, { target, channels, channel: from - channel });
      }
      first += source.channels;
    }
  }

  async #copy(
    track: AudioSource,
    taken: { channel: number; channels: number },
    position: number,
    into: { target: Buffer; channels: number; channel: number },
  ): Promise<void> {
    const { format, frames: all } = track.head;
    const sampleBytes = this.#sampleBytes;
    const frameBytes = into.channels * sampleBytes;
    const frames = Math.min(into.target.length / frameBytes, Math.max(0, all - position));
    if (frames <= 0) return;
    const samples = await readSamples(track, position, frames, sampleBytes);
    const sourceStep = format.channels * sampleBytes;
    const length = taken.channels * sampleBytes;
    for (let frame = 0; frame < frames; frame++) {
      const read = frame * sourceStep + taken.channel * sampleBytes;
      samples.copy(into.target, frame * frameBytes + into.channel * sampleBytes, read, read + length);
    }
  }
}

async function readSamples(track: AudioSource, position: number, frames: number, sampleBytes: 2 | 3): Promise<Buffer> {
  const { format } = track.head;
  const raw = Buffer.alloc(frames * frameBytesOf(format));
  await track.read(raw, position * frameBytesOf(format));
  if (!format.isFloat && format.bitsPerSample === sampleBytes * 8) return raw;
  const converted = Buffer.alloc(frames * format.channels * sampleBytes);
  convertSamples(raw, format, converted, sampleBytes);
  return converted;
}
