import type { Clock } from '../../core/clock.ts';
import type { DiscontinuityCause, Fragment, TrackMetadata } from '../../core/fragment.ts';
import { sameMetadata } from './fragment-assembler.ts';
import { LowestOfHour } from './lowest-of-hour.ts';

/** A title and when listeners came to it. */
export interface TitleEntry {
  readonly metadata: TrackMetadata;
  readonly atUtcMs: number;
}

const TITLES_KEPT = 20;

/** The running account of one stream: what was missing, why, and how low the reserve went. */
export class StreamStats {
  readonly #clock: Clock;
  readonly causes: Record<DiscontinuityCause, number> = {
    'source-restart': 0,
    'input-switch': 0,
    'line-loss': 0,
    eviction: 0,
    corrupt: 0,
  };
  gapMs = 0;
  /** Times and time that listeners were given nothing because the reserve was used up. */
  stalls = 0;
  stallMs = 0;
  reserveLowestMs: number | undefined;
  readonly #lowestOfHour = new LowestOfHour();
  titles: TitleEntry[] = [];
  #reserveWasFull = false;
  #lastReleaseMs: number | undefined;
  #lastDurationMs = 0;
  #stalled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get gaps(): number {
    return Object.values(this.causes).reduce((sum, count) => sum + count, 0);
  }

  /** True while listeners are given nothing. */
  get stalled(): boolean {
    return this.#stalled;
  }

  appended(fragment: Fragment): void {
    if (!fragment.discontinuity || fragment.sequence === 1) return;
    this.causes[fragment.discontinuity.cause]++;
    this.gapMs += fragment.discontinuity.lostMs ?? 0;
  }

  /** Audio was given up before it was due. */
  evicted(lostMs: number): void {
    this.causes.eviction++;
    this.gapMs += lostMs;
  }

  released(newest: Fragment, metadata: TrackMetadata | undefined): void {
    if (this.#stalled) this.stallMs += this.#idleMs();
    this.#stalled = false;
    this.#lastReleaseMs = this.#clock.nowMs();
    this.#lastDurationMs = newest.durationUs / 1000;
    if (!metadata?.title || sameMetadata(metadata, this.titles[0]?.metadata)) return;
    this.titles = [{ metadata, atUtcMs: this.#clock.utcMs() }, ...this.titles.slice(0, TITLES_KEPT - 1)];
  }

  reserve(reserveMs: number, targetMs: number): void {
    this.#reserveWasFull ||= targetMs > 0 && reserveMs >= targetMs * 0.9;
    if (!this.#reserveWasFull) return;
    this.reserveLowestMs = Math.min(this.reserveLowestMs ?? reserveMs, reserveMs);
    this.#lowestOfHour.note(reserveMs, this.#clock.nowMs());
  }

  /** The lowest reserve of the last hour; undefined until it was full for the first time. */
  get reserveLowestHourMs(): number | undefined {
    return this.#lowestOfHour.lowest(this.#clock.nowMs());
  }

  /** Notices a stall: nothing was due for longer than the silence time. */
  watch(silenceMs: number): void {
    if (this.#stalled || this.#lastReleaseMs === undefined || this.#idleMs() < silenceMs) return;
    this.#stalled = true;
    this.stalls++;
  }

  /** Time in stalls so far, a running one included. */
  get stalledMs(): number {
    return this.stallMs + (this.#stalled ? this.#idleMs() : 0);
  }

  #idleMs(): number {
    return this.#clock.nowMs() - this.#lastReleaseMs! - this.#lastDurationMs;
  }
}
