import type { Clock, Timer } from '../../core/clock.ts';
import { endMediaTimeUs, type Fragment } from '../../core/fragment.ts';
import type { FragmentBuffer } from '../../core/fragment-buffer.ts';
import type { Extent } from '../../modules/values.ts';

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
 * Clocks differ: a source that is a little fast keeps the reserve full, and what it gives more is passed on at once,
 * where it waits in the players. One that is a little slow uses the reserve up (3.6 s an hour at 0.1 %), until its audio
 * is played as it comes. Audio is never stretched.
 */
export class Playout {
  readonly #options: PlayoutOptions;
  #anchorMs = 0;
  #anchorUs = 0;
  #started = false;
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

  /** To be called after each append to the buffer. */
  appended(fragment: Fragment): void {
    if (!this.#started && !this.#tryStart(fragment)) return;
    this.#limitReserve(fragment);
    this.#release();
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
  }

  #tryStart(fragment: Fragment): boolean {
    const { buffer, start } = this.#options;
    const first = buffer.oldest!;
    if (start === 'full' && !this.#isFull()) return false;
    this.#started = true;
    this.#anchor(
      start === 'full' ? Math.max(first.mediaTimeUs, endMediaTimeUs(fragment) - this.#targetUs()) : first.mediaTimeUs,
    );
    const next = buffer.at(this.#anchorUs)!;
    this.#nextSequence = next.sequence;
    this.#nextUs = next.mediaTimeUs;
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
    const runUs = (this.#options.clock.nowMs() - this.#anchorMs) * 1000;
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
    if (next) this.#timer = clock.after(Math.max(1, (next.mediaTimeUs - headUs) / 1000), () => this.#release());
    if (this.#released !== before) onRelease();
  }
}
