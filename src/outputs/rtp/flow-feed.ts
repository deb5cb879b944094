import type { Fragment } from '../../core/fragment.ts';
import { convertSamples } from '../../media/wav/convert.ts';
import { frameBytesOf, type PcmFormat } from '../../media/wav/pcm-format.ts';
import { swapSamples } from '../../media/wav/samples.ts';
import { RTP_HEADER_BYTES } from '../../protocols/rtp/packet.ts';
import type { RingWriter } from '../../tracks/pace/ring.ts';
import { type Encoding, encodingBytes } from '../../tracks/types.ts';

/** Below this much audio ahead, silence is sent. */
const LOW_MS = 40;
/** So much silence at a time. */
const SILENCE_MS = 20;
/** So much more than a fragment and the delay may wait; then some is left out. */
const SPARE_MS = 1000;

/** What a feed needs. */
export interface FlowFeedOptions {
  /** What the stream's samples are. */
  readonly pcm: PcmFormat;
  readonly encoding: Encoding;
  readonly framesPerPacket: number;
  /** How much waits at least when a fragment comes. */
  readonly delayMs: number;
  readonly ring: Pick<RingWriter, 'packet' | 'commit' | 'free' | 'filled'>;
}

/** Cuts what a stream releases into packets of a ring, one a slot, and fills in silence where the stream has none. */
export class FlowFeed {
  readonly #options: FlowFeedOptions;
  readonly #frameBytes: number;
  readonly #payloadBytes: number;
  readonly #packetMs: number;
  #slot = 0;
  /** Bytes of audio in the ring's open packet. */
  #filled = 0;
  #isStarved = true;
  /** In sample frames: sent of the stream, silence in between, and left out because too much waited. */
  readonly counters = { frames: 0, silentFrames: 0, droppedFrames: 0, starvations: 0 };

  constructor(options: FlowFeedOptions) {
    this.#options = options;
    const { pcm, encoding, framesPerPacket } = options;
    this.#frameBytes = pcm.channels * encodingBytes(encoding);
    this.#payloadBytes = framesPerPacket * this.#frameBytes;
    this.#packetMs = (framesPerPacket * 1000) / pcm.sampleRate;
  }

  /** Audio that waits in whole packets, in milliseconds. */
  get aheadMs(): number {
    return this.#options.ring.filled * this.#packetMs;
  }

  /** The next fragment; its samples are of the feed's format. */
  take(fragment: Fragment): void {
    const { delayMs } = this.#options;
    if (this.#isStarved) {
      this.#isStarved = false;
      this.#silence(delayMs - this.aheadMs);
    }
    const samples = this.#onWire(fragment.data);
    this.#write(samples.subarray(this.#excessBytes(samples.length)));
  }

  /** To be called each 20 ms: keeps the flow going. */
  tick(): void {
    if (this.aheadMs >= LOW_MS) return;
    if (!this.#isStarved) this.counters.starvations++;
    this.#isStarved = true;
    this.#silence(LOW_MS + SILENCE_MS - this.aheadMs);
  }

  #silence(ms: number): void {
    if (ms <= 0) return;
    const frames = Math.round((ms * this.#options.pcm.sampleRate) / 1000);
    if (this.counters.frames > 0) this.counters.silentFrames += frames;
    const silence = Buffer.alloc(this.#payloadBytes);
    for (let left = frames * this.#frameBytes; left > 0; left -= silence.length) {
      this.#put(left < silence.length ? silence.subarray(0, left) : silence);
    }
  }

  /** What is left out of a fragment: a source whose clock is faster than ours, or a burst. Whole sample frames. */
  #excessBytes(bytes: number): number {
    const { delayMs, pcm } = this.#options;
    const excessMs = this.aheadMs - delayMs;
    if (excessMs <= SPARE_MS) return 0;
    const frames = Math.min(bytes / this.#frameBytes, Math.round((excessMs * pcm.sampleRate) / 1000));
    this.counters.droppedFrames += frames;
    return frames * this.#frameBytes;
  }

  #write(samples: Buffer): void {
    this.counters.frames += samples.length / this.#frameBytes;
    this.#put(samples);
  }

  #put(samples: Buffer): void {
    const { ring } = this.#options;
    for (let at = 0; at < samples.length; ) {
      if (ring.free === 0) {
        this.counters.droppedFrames += (samples.length - at) / this.#frameBytes;
        return;
      }
      const taken = samples.copy(
        ring.packet,
        RTP_HEADER_BYTES + this.#filled,
        at,
        at + this.#payloadBytes - this.#filled,
      );
      at += taken;
      this.#filled += taken;
      if (this.#filled < this.#payloadBytes) return;
      this.#filled = 0;
      ring.commit(RTP_HEADER_BYTES + this.#payloadBytes, this.#slot++);
    }
  }

  /** Whole sample frames in the flow's width and byte order; the bytes are our own. */
  #onWire(data: Buffer): Buffer {
    const { pcm, encoding } = this.#options;
    const sampleBytes = encodingBytes(encoding);
    const sourceBytes = frameBytesOf(pcm);
    const whole = data.subarray(0, data.length - (data.length % sourceBytes));
    const samples = Buffer.alloc((whole.length / sourceBytes) * this.#frameBytes);
    if (pcm.bitsPerSample === sampleBytes * 8) whole.copy(samples);
    else convertSamples(whole, pcm, samples, sampleBytes);
    swapSamples(samples, sampleBytes);
    return samples;
  }
}
