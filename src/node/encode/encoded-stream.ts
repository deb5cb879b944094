import type { AudioItem } from '../../core/audio-item.ts';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Fragment, TrackMetadata } from '../../core/fragment.ts';
import { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { Logger } from '../../core/logger.ts';
import { randomHex } from '../../core/random.ts';
import type { StationInfo } from '../../core/station.ts';
import type { Framer } from '../../media/framer.ts';
import { Mp3Framer } from '../../media/mp3/mp3-framer.ts';
import { OggFramer } from '../../media/ogg/ogg-framer.ts';
import { isSamePcm, pcmFormatOf } from '../../media/pcm/stream-format.ts';
import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { EncodeSettings } from '../../modules/encode-options.ts';
import type { StreamView } from '../../modules/output.ts';
import { Callbacks } from '../stream/callbacks.ts';
import { type EncodedFragment, EncodedFragments } from './encoded-fragments.ts';
import { type EncoderPort, openEncoderThread } from './encoder-thread.ts';
import type { EncoderSetup } from './messages.ts';

/** After an encoder failed, the next is opened no sooner. */
const RETRY_MS = 5000;

/** What an encoded stream is made of. */
export interface EncodedStreamOptions {
  readonly source: StreamView;
  readonly settings: EncodeSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Opens encoders; replaced by tests. */
  readonly open?: (setup: EncoderSetup) => Promise<EncoderPort>;
}

/** An encoder at work. */
interface Running {
  readonly pcm: PcmFormat;
  readonly port: EncoderPort;
  readonly framer: Framer;
}

/**
 * A stream of PCM as outputs see it that asked for it encoded: each fragment is encoded as it comes, in a thread of its
 * own, and is due when the fragment that it was made of is. What is encoded already is passed on. It keeps no queue: the
 * source's buffer holds what is not encoded yet.
 */
export class EncodedStream implements StreamView {
  readonly name: string;
  readonly buffer: FragmentBuffer;
  readonly #options: EncodedStreamOptions;
  readonly #onRelease: Callbacks<[]>;
  readonly #onAppend: Callbacks<[Fragment]>;
  readonly #onAudio: Callbacks<[readonly AudioItem[]]>;
  readonly #fragments: EncodedFragments;
  /** Not due yet: fragments, and the source's sequence at which each is. */
  #pending: { readonly due: number; readonly fragment: Fragment }[] = [];
  #released: Fragment | undefined;
  #metadata: TrackMetadata | undefined;
  #encoder: Running | undefined;
  #next: number | undefined;
  #isBusy = false;
  #isClosed = false;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  readonly #unsubscribe: (() => void)[];

  constructor(options: EncodedStreamOptions) {
    const { source, log, random } = options;
    this.#options = options;
    this.name = source.name;
    this.buffer = new FragmentBuffer(source.buffer.limits);
    this.#onRelease = new Callbacks('audio that is due', log);
    this.#onAppend = new Callbacks('new audio', log);
    this.#onAudio = new Callbacks('new frames', log);
    this.#fragments = new EncodedFragments(randomHex(random, 8));
    this.#unsubscribe = [
      source.onAppend((fragment) => {
        this.#next ??= fragment.sequence;
        void this.#work();
      }),
      source.onRelease(() => this.#release()),
    ];
  }

  get released(): Fragment | undefined {
    return this.#released;
  }

  get station(): StationInfo {
    return { ...this.#options.source.station, bitrateKbps: this.#options.settings.bitrate };
  }

  get metadata(): TrackMetadata | undefined {
    return this.#metadata;
  }

  get live(): boolean {
    return this.#options.source.live;
  }

  get startedUtcMs(): number | undefined {
    return this.#options.source.startedUtcMs;
  }

  onRelease(listener: () => void): () => void {
    return this.#onRelease.add(listener);
  }

  onAudio(listener: (items: readonly AudioItem[]) => void): () => void {
    return this.#onAudio.add(listener);
  }

  onAppend(listener: (fragment: Fragment) => void): () => void {
    return this.#onAppend.add(listener);
  }

  /** Ends the encoder. */
  close(): void {
    this.#isClosed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#encoder?.port.close();
    this.#encoder = undefined;
  }

  /** Encodes what the source holds, one fragment after the other. */
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let fragment = this.#peek(); fragment && !this.#isClosed; fragment = this.#peek()) {
        this.#next = fragment.sequence + 1;
        await this.#take(fragment);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #peek(): Fragment | undefined {
    const { buffer } = this.#options.source;
    const { oldest } = buffer;
    if (this.#next === undefined || !oldest) return undefined;
    if (this.#next < oldest.sequence) {
      this.#fragments.lost({ cause: 'eviction', lostMs: undefined });
      this.#next = oldest.sequence;
    }
    return buffer.get(this.#next);
  }

  async #take(fragment: Fragment): Promise<void> {
    const pcm = pcmFormatOf(fragment.format);
    try {
      if (this.#encoder && !(pcm && isSamePcm(pcm, this.#encoder.pcm))) await this.#finish(fragment.sequence - 1);
      if (pcm) await this.#encode(fragment, pcm);
      else this.#append(this.#fragments.passed(fragment), fragment.sequence);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #encode(fragment: Fragment, pcm: PcmFormat): Promise<void> {
    const encoder = this.#encoder ?? (await this.#open(pcm));
    if (!encoder) return;
    this.#fragments.taken(fragment);
    this.#emit(encoder.framer.push(await encoder.port.encode(fragment.data)), fragment.sequence);
  }

  /** Undefined while the last failure is too recent. */
  async #open(pcm: PcmFormat): Promise<Running | undefined> {
    const { settings, clock, random, log, open = openEncoderThread } = this.#options;
    if (clock.nowMs() < this.#retryAtMs) return undefined;
    const port = await open({ pcm, settings, serial: Math.floor(random() * 2 ** 32) });
    if (this.#isClosed) {
      port.close();
      return undefined;
    }
    const framer = settings.codec === 'mp3' ? new Mp3Framer() : new OggFramer({ contentType: 'audio/ogg' });
    this.#fragments.restart();
    this.#encoder = { pcm, port, framer };
    this.#isFailing = false;
    log.info(`encodes ${settings.codec} at ${settings.bitrate} kbit/s`);
    return this.#encoder;
  }

  async #finish(sequence: number): Promise<void> {
    const { port, framer } = this.#encoder!;
    this.#encoder = undefined;
    const frames = framer.push(await port.finish());
    this.#emit([...frames, ...framer.flush()], sequence);
    port.close();
  }

  #emit(frames: ReturnType<Framer['push']>, due: number): void {
    const encoded = this.#fragments.given(frames);
    if (encoded) this.#append(encoded, due);
  }

  #append({ fragment, items }: EncodedFragment, due: number): void {
    if (this.#isClosed) return;
    if (!this.#onAudio.isEmpty) this.#onAudio.call(items);
    this.buffer.append(fragment);
    this.#pending.push({ due, fragment });
    this.#onAppend.call(fragment);
    this.#release();
  }

  #release(): void {
    const upTo = this.#options.source.released?.sequence ?? 0;
    let count = 0;
    while (this.#pending[count] && this.#pending[count]!.due <= upTo) count++;
    const newest = this.#pending.splice(0, count).at(-1)?.fragment;
    if (!newest) return;
    this.#released = newest;
    this.#metadata = newest.metadata.at(-1)?.metadata ?? newest.openingMetadata ?? this.#metadata;
    this.#onRelease.call();
  }

  /** What could not be encoded is lost to the listeners; it is tried again with what comes. */
  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, log, settings } = this.#options;
    this.#encoder?.port.close();
    this.#encoder = undefined;
    this.#retryAtMs = clock.nowMs() + RETRY_MS;
    this.#fragments.lost({ cause: 'source-restart', lostMs: undefined });
    if (!this.#isFailing) log.error(`cannot encode ${settings.codec}: ${reasonOf(error)}`);
    this.#isFailing = true;
  }
}
