import type { AudioItem } from '../../core/audio-item.ts';

const MAX_BYTES = 8 * 2 ** 20;

/** Holds the newest audio of an input that is ready but not played, so that it can take over with what came before. */
export class StandbyQueue {
  readonly #keepUs: number;
  #items: AudioItem[] = [];
  #durationUs = 0;
  #bytes = 0;

  /** @param keepMs how much audio is kept */
  constructor(keepMs: number) {
    this.#keepUs = keepMs * 1000;
  }

  push(items: readonly AudioItem[]): void {
    for (const item of items) {
      this.#items.push(item);
      this.#durationUs += item.durationUs;
      this.#bytes += item.data.length;
    }
    let dropped = 0;
    while (dropped < this.#items.length - 1) {
      const oldest = this.#items[dropped]!;
      if (this.#durationUs - oldest.durationUs < this.#keepUs && this.#bytes <= MAX_BYTES) break;
      this.#durationUs -= oldest.durationUs;
      this.#bytes -= oldest.data.length;
      dropped++;
    }
    if (dropped > 0) this.#items = this.#items.slice(dropped);
  }

  /** The bytes held, for finding an overlap. */
  get data(): Buffer {
    return Buffer.concat(this.#items.map((item) => item.data));
  }

  /**
   * Takes the newest `durationMs` of audio and at least the frames that a decoder needs to
   * prime, only from the last run without a discontinuity. The queue is empty afterwards.
   */
  take(durationMs: number): AudioItem[] {
    const items = this.#items;
    let start = items.length;
    let takenUs = 0;
    while (start > 0) {
      const item = items[start - 1]!;
      const needed = takenUs < durationMs * 1000 || items.length - start < item.format.primeFrames;
      if (!needed || (start < items.length && item.format !== items[start]!.format)) break;
      takenUs += item.durationUs;
      start--;
      if (item.discontinuity) break;
    }
    this.clear();
    return items.slice(start);
  }

  clear(): void {
    this.#items = [];
    this.#durationUs = 0;
    this.#bytes = 0;
  }
}
