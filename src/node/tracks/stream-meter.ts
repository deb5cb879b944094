import type { AudioItem } from '../../core/audio-item.ts';
import { isSamePcm, pcmFormatOf } from '../../media/pcm/stream-format.ts';
import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import { LevelQueue } from '../../tracks/view/level-queue.ts';
import type { TrackSession } from '../../tracks/view/schema.ts';
import type { WatchedTracks } from '../../tracks/view/watched.ts';
import type { StreamStatus } from '../status/schema.ts';

/** A stream as its meter sees it. */
export interface MeteredStream {
  readonly name: string;
  status(): StreamStatus;
  /** See `StreamView.onAudio`. */
  onAudio(listener: (items: readonly AudioItem[]) => void): () => void;
}

/** Modules whose stream is shown among the tracks. */
const TRACK_TYPES = new Set(['wav', 'rtp']);

/** Whether a stream has to do with tracks: it carries PCM, or an input or output of tracks is on it. */
export function isTrackStream({ format, inputs, outputs }: StreamStatus): boolean {
  return format?.codec === 'pcm' || [...inputs, ...outputs].some(({ type }) => TRACK_TYPES.has(type));
}

/** A stream of PCM as a track: levels of what its input gives, and the counters of its inputs and outputs of tracks. */
export class StreamMeter implements WatchedTracks {
  readonly id: string;
  readonly #stream: MeteredStream;
  #unsubscribe: (() => void) | undefined;
  #pcm: PcmFormat | undefined;
  #queue: LevelQueue | undefined;

  constructor(stream: MeteredStream) {
    this.#stream = stream;
    this.id = `stream ${stream.name}`;
  }

  view(): TrackSession {
    const { name, state, since, inputs, outputs, format } = this.#stream.status();
    const channels = this.#pcm?.channels ?? format?.channels;
    const sampleRate = this.#pcm?.sampleRate ?? format?.sampleRate;
    const parts = [...inputs, ...outputs].filter(({ type }) => TRACK_TYPES.has(type));
    const isHeard = format?.codec === 'pcm' && channels !== undefined && sampleRate !== undefined;
    return {
      kind: 'stream',
      title: name,
      state: state === 'waiting' || state === 'filling' ? 'waiting' : 'running',
      startUtc: since,
      seconds: 0,
      flows: Object.fromEntries(
        parts.map((part, index) => [
          String(index),
          {
            title: part.name,
            state: flowState(part.state),
            encoding: part.type,
            sampleRate: sampleRate ?? 1,
            channels: channels ?? 1,
            counters: part.counters ?? {},
          },
        ]),
      ),
      tracks: isHeard ? { 0: { name, flow: 0, channels } } : {},
    };
  }

  watch(isWatched: boolean): void {
    this.#unsubscribe?.();
    this.#unsubscribe = isWatched ? this.#stream.onAudio((items) => this.#note(items)) : undefined;
    this.#queue = undefined;
    this.#pcm = undefined;
  }

  takeLevels(into: number[]): void {
    this.#queue?.take(into);
  }

  #note(items: readonly AudioItem[]): void {
    for (const { data, format } of items) {
      const pcm = pcmFormatOf(format);
      if (!pcm) continue;
      if (!this.#pcm || !isSamePcm(pcm, this.#pcm)) {
        this.#pcm = pcm;
        const { sampleRate, channels, bitsPerSample } = pcm;
        this.#queue =
          bitsPerSample > 8 ? new LevelQueue({ sampleRate, channels, sampleBytes: bitsPerSample / 8 }) : undefined;
      }
      this.#queue?.note(data);
    }
  }
}

function flowState(state: string): 'waiting' | 'running' | 'silent' | 'ended' {
  if (state === 'live' || state === 'sending' || state === 'ready') return 'running';
  if (state === 'silent' || state === 'ended') return state;
  return 'waiting';
}
