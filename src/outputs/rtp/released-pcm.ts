import type { Fragment } from '../../core/fragment.ts';
import type { Logger } from '../../core/logger.ts';
import { isSamePcm, pcmFormatOf } from '../../media/pcm/stream-format.ts';
import type { PcmFormat } from '../../media/wav/pcm-format.ts';
import type { StreamView } from '../../modules/output.ts';

/** What a stream has released and was not sent yet. */
export class ReleasedPcm {
  readonly #stream: StreamView;
  readonly #log: Logger;
  #next: number | undefined;
  #hasWarned = false;

  constructor({ stream, log }: { readonly stream: StreamView; readonly log: Logger }) {
    this.#stream = stream;
    this.#log = log;
  }

  /** Begins with what is released first. */
  collect(): void {
    this.#next ??= this.#stream.released?.sequence;
  }

  /** What the next samples are; what is no PCM is passed over. */
  format(): PcmFormat | undefined {
    for (let fragment = this.#peek(); fragment; fragment = this.#peek()) {
      const pcm = pcmFormatOf(fragment.format);
      if (pcm) return pcm;
      this.#warn(fragment);
      this.#next!++;
    }
    return undefined;
  }

  /** The next fragment, when it has that format. */
  next(pcm: PcmFormat): Fragment | undefined {
    const fragment = this.#peek();
    const own = fragment && pcmFormatOf(fragment.format);
    if (!own || !isSamePcm(own, pcm)) return undefined;
    this.#next!++;
    return fragment;
  }

  /** Whether PCM of another format comes next. */
  isOther(pcm: PcmFormat): boolean {
    const own = this.format();
    return own !== undefined && !isSamePcm(own, pcm);
  }

  detail(): Record<string, string> {
    return this.#hasWarned ? { reason: 'the stream is not PCM; only that can be sent' } : {};
  }

  #peek(): Fragment | undefined {
    const { released, buffer } = this.#stream;
    if (this.#next === undefined || !released || this.#next > released.sequence) return undefined;
    // What was given up meanwhile is too late for a flow.
    this.#next = Math.max(this.#next, buffer.oldest?.sequence ?? 0);
    return buffer.get(this.#next);
  }

  #warn({ format }: Fragment): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(`the stream is ${format.codec}, not PCM: RTP carries only that, so nothing is sent`);
  }
}
