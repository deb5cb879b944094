import type { Clock, Timer } from '../../core/clock.ts';
import { endMediaTimeUs, type Fragment } from '../../core/fragment.ts';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { Extent } from '../../modules/values.ts';
import { SourceClock } from './source-clock.ts';

/** The reserve aims so much below its bound, so that audio that comes a little early does not push the play head. */
const MARGIN_MS = 100;
const MARGIN_SHARE = 0.05;
/** A reserve that is off its aim is brought back to it in about this time. */
const CORRECTION_MS = 1_800_000;
/** What is too much may be given to players at this rate: it waits there. */
const MAX_FASTER = 500e-6;
/** What is missing is taken from what players hold: 0.36 s an hour, too little for a listener to run dry. */
const MAX_SLOWER = 100e-6;
const MAX_RATE_CHANGE = 2000e-6;
/** A full reserve waits while audio comes this much faster than it plays: players would keep what is too old for ever. */
const BACKLOG_RATE = 1.5;
const BACKLOG_WINDOW_MS = 500;
const MAX_BACKLOG_WAIT_MS = 5000;

/** Options of a playout. */
export interface PlayoutOptions {
  readonly clock: Clock;
  readonly buffer: FragmentBuffer;
  readonly reserve: Extent;
  /** `now`: from the first audio on; `full`: when the reserve has filled. */
  readonly start: 'now' | 'full';
  /** Called after fragments became due. */
  readonly onRelease: () => void;
  /** Called when the buffer gave up audio before it was due, with its length. */
  readonly onEvicted: (lostMs: number) => void;
}

/**
 * Decides when fragments are due for listeners: the play head runs in real time,
 * never past the newest audio and never more than the reserve behind it. So an
 * input that pauses for less than the reserve is not noticed, and what comes in
 * faster than real time afterwards fills the reserve again.
 *
 * Clocks differ. As soon as the source's is known, the head runs at its rate, and a little slower or faster to bring the
 * reserve to what it should be. Only the instants of release change: audio is never cut or stretched.
 */
export class Playout {
  readonly #options: PlayoutOptions;
  #anchorMs = 0;
  #anchorUs = 0;
  /** Media time per time of ours. */
  #rate = 1;
  readonly #sourceClocks = new Map<number, SourceClock>();
  #source = 0;
  #started = false;
  /** When the reserve was full, and the end of the newest audio at the last look. */
  #fullSince: { readonly ms: number; lookedMs: number; endUs: number } | undefined;
  #released: Fragment | undefined;
  /** The fragment that is due next, and where it begins. */
  #nextSequence = 0;
  #nextUs = 0;
  #timer: Timer | undefined;

  constructor(options: PlayoutOptions) {
    this.#options = options;
  }

  /** The newest fragment that is due; undefined before sound starts. */
  get released(): Fragment | undefined {
    return this.#released;
  }

  /** Audio held ahead of the listeners now, in milliseconds. */
  get reserveMs(): number {
    const newest = this.#options.buffer.newest;
    if (!newest) return 0;
    const fromUs = this.#started ? this.#headUs() : (this.#options.buffer.oldest?.mediaTimeUs ?? 0);
    return Math.max(0, (endMediaTimeUs(newest) - fromUs) / 1000);
  }

  /** What the reserve is when full, in milliseconds. */
  get targetMs(): number {
    return this.#targetUs() / 1000;
  }

  /** What is known of the clock of the source that came last. */
  get sourceClock(): Pick<SourceClock, 'drift' | 'confident'> {
    return this.#clockOf(this.#source);
  }

  /**
   * To be called after each append to the buffer.
   * @param source tells inputs apart: each has a clock of its own
   */
  appended(fragment: Fragment, source = 0): void {
    const isMeasured = this.#measure(fragment, source);
    if (!this.#started && !this.#tryStart()) return;
    this.#limitReserve(fragment);
    if (isMeasured) this.#setRate();
    this.#release();
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
  }

  /** True when more may be known of the source's clock than before. */
  #measure(fragment: Fragment, source: number): boolean {
    const sourceClock = this.#clockOf(source);
    const isOther = source !== this.#source;
    this.#source = source;
    if (isOther || fragment.discontinuity) sourceClock.restart();
    return sourceClock.arrived(endMediaTimeUs(fragment) / 1000, this.#options.clock.nowMs());
  }

  #clockOf(source: number): SourceClock {
    let sourceClock = this.#sourceClocks.get(source);
    if (!sourceClock) {
      sourceClock = new SourceClock();
      this.#sourceClocks.set(source, sourceClock);
    }
    return sourceClock;
  }

  #setRate(): void {
    const { drift, confident } = this.#clockOf(this.#source);
    this.#rate = confident ? 1 + within(drift + this.#correction(), -MAX_RATE_CHANGE, MAX_RATE_CHANGE) : 1;
  }

  /** By how much the head must run faster to bring the reserve to its aim; audio that is only late is counted as here. */
  #correction(): number {
    const reachedMs = this.#clockOf(this.#source).reachedMs(this.#options.clock.nowMs());
    if (reachedMs === undefined) return 0;
    const fullMs = this.#fullMs();
    const aimMs = fullMs - Math.min(MARGIN_MS, fullMs * MARGIN_SHARE);
    return within((reachedMs - this.#headUs() / 1000 - aimMs) / CORRECTION_MS, -MAX_SLOWER, MAX_FASTER);
  }

  /** The reserve at its fullest: less than asked for where the buffer gives up audio before. */
  #fullMs(): number {
    const { oldest, newest, heldMs } = this.#options.buffer;
    const { targetMs } = this;
    if (heldMs >= targetMs || oldest!.sequence === 1) return targetMs;
    return Math.max(0, heldMs - (2 * newest!.durationUs) / 1000);
  }

  #tryStart(): boolean {
    const { buffer, start } = this.#options;
    if (start === 'full' && (!this.#isFull() || this.#hasBacklog())) return false;
    this.#started = true;
    const { mediaTimeUs: oldestUs } = buffer.oldest!;
    const latestUs = endMediaTimeUs(buffer.newest!) - this.#targetUs();
    this.#anchor(start === 'full' ? Math.max(oldestUs, latestUs) : oldestUs);
    const next = buffer.at(this.#anchorUs)!;
    this.#nextSequence = next.sequence;
    this.#nextUs = next.mediaTimeUs;
    return true;
  }

  /** Whether more than plays in the meantime keeps coming; looks again by itself. */
  #hasBacklog(): boolean {
    const { buffer, clock } = this.#options;
    if (this.targetMs < BACKLOG_WINDOW_MS) return false;
    const nowMs = clock.nowMs();
    const endUs = endMediaTimeUs(buffer.newest!);
    this.#fullSince ??= { ms: nowMs, lookedMs: nowMs, endUs };
    const full = this.#fullSince;
    const passedMs = nowMs - full.lookedMs;
    if (passedMs >= BACKLOG_WINDOW_MS) {
      const gainedMs = (endUs - full.endUs - buffer.newest!.durationUs) / 1000;
      if (gainedMs <= BACKLOG_RATE * passedMs || nowMs - full.ms >= MAX_BACKLOG_WAIT_MS) return false;
      Object.assign(full, { lookedMs: nowMs, endUs });
    }
    this.#timer ??= clock.after(BACKLOG_WINDOW_MS, () => {
      this.#timer = undefined;
      if (this.#tryStart()) this.#release();
    });
    return true;
  }

  #isFull(): boolean {
    const { buffer, reserve } = this.#options;
    // A buffer that gives up audio is as full as it gets, however large the reserve that was asked for.
    if (buffer.oldest!.sequence > 1) return true;
    return 'ms' in reserve ? buffer.heldMs >= reserve.ms : buffer.bytes >= reserve.bytes;
  }

  #limitReserve(fragment: Fragment): void {
    const headUs = this.#headUs(fragment.mediaTimeUs);
    const latestUs = endMediaTimeUs(fragment) - this.#targetUs();
    // Where the head waited at the old end, time goes on from now.
    this.#anchor(Math.max(headUs, latestUs));
  }

  #anchor(mediaUs: number): void {
    this.#anchorMs = this.#options.clock.nowMs();
    this.#anchorUs = mediaUs;
  }

  #headUs(endUs = endMediaTimeUs(this.#options.buffer.newest!)): number {
    const runUs = (this.#options.clock.nowMs() - this.#anchorMs) * 1000 * this.#rate;
    return Math.min(endUs, this.#anchorUs + runUs);
  }

  #targetUs(): number {
    const { buffer, reserve } = this.#options;
    if ('ms' in reserve) return reserve.ms * 1000;
    return buffer.bytes === 0 ? 0 : (buffer.heldMs * 1000 * reserve.bytes) / buffer.bytes;
  }

  #release(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { buffer, clock, onRelease, onEvicted } = this.#options;
    const headUs = this.#headUs();
    const oldest = buffer.oldest!;
    if (this.#nextSequence < oldest.sequence) {
      onEvicted((oldest.mediaTimeUs - this.#nextUs) / 1000);
      this.#nextSequence = oldest.sequence;
      this.#nextUs = oldest.mediaTimeUs;
    }
    let next = buffer.get(this.#nextSequence);
    const before = this.#released;
    // Half a millisecond of slack: timers fire a little early.
    while (next && next.mediaTimeUs <= headUs + 500) {
      this.#released = next;
      this.#nextUs = endMediaTimeUs(next);
      next = buffer.get(++this.#nextSequence);
    }
    if (next) {
      const waitMs = (next.mediaTimeUs - headUs) / 1000 / this.#rate;
      this.#timer = clock.after(Math.max(1, waitMs), () => this.#release());
    }
    if (this.#released !== before) onRelease();
  }
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
