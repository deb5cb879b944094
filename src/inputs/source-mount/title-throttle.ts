import type { Clock, Timer } from '../../core/clock.ts';
import type { TrackMetadata } from '../../core/fragment.ts';

const MIN_INTERVAL_MS = 250;

/** Passes on at most four titles a second, and always the last one: a storm of updates costs nothing further on. */
export class TitleThrottle {
  readonly #clock: Clock;
  readonly #apply: (metadata: TrackMetadata) => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #waiting: TrackMetadata | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, apply: (metadata: TrackMetadata) => void) {
    this.#clock = clock;
    this.#apply = apply;
  }

  set(metadata: TrackMetadata): void {
    this.#waiting = metadata;
    if (this.#timer) return;
    const waitMs = this.#lastMs + MIN_INTERVAL_MS - this.#clock.nowMs();
    if (waitMs <= 0) this.#flush();
    else this.#timer = this.#clock.after(waitMs, () => this.#flush());
  }

  /** Forgets what waits. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#lastMs = this.#clock.nowMs();
    const metadata = this.#waiting;
    this.#waiting = undefined;
    if (metadata) this.#apply(metadata);
  }
}
