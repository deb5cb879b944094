import { type LevelFormat, LevelQueue } from './level-queue.ts';
import { LOSS, LossMap } from './loss-map.ts';

/** What is seen of a flow while its tracks are written: what became of its packets, and levels while somebody looks. */
export class FlowWatch {
  readonly map = new LossMap();
  readonly #sampleRate: number;
  readonly #formats: readonly LevelFormat[];
  #queues: readonly LevelQueue[] | undefined;
  #written = 0;

  /** @param formats one for each track of the flow */
  constructor(sampleRate: number, formats: readonly LevelFormat[]) {
    this.#sampleRate = sampleRate;
    this.#formats = formats;
  }

  /** Frames that were written, in seconds of the take. */
  get seconds(): number {
    return this.#written / this.#sampleRate;
  }

  /** Whether levels are measured. */
  watch(isWatched: boolean): void {
    this.#queues = isWatched ? this.#formats.map((format) => new LevelQueue(format)) : undefined;
  }

  /** So many frames were written as they came. */
  came(frames: number): void {
    this.#mark(frames, LOSS.whole);
  }

  /** Silence was written for so many frames. @param isLost false: they were never there */
  missed(frames: number, isLost: boolean): void {
    this.#mark(frames, isLost ? LOSS.lost : LOSS.none);
    for (const queue of this.#queues ?? []) queue.silence(frames);
  }

  /** The samples of a track, little endian. */
  samples(track: number, bytes: Buffer): void {
    this.#queues?.[track]?.note(bytes);
  }

  /** See `WatchedTracks.takeLevels`. */
  takeLevels(into: number[]): void {
    for (const queue of this.#queues ?? []) queue.take(into);
  }

  #mark(frames: number, loss: (typeof LOSS)[keyof typeof LOSS]): void {
    const from = this.seconds;
    this.#written += frames;
    this.map.mark(from, this.seconds, loss);
  }
}
