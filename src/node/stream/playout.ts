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
}

/**
 * Decides when fragments are due for listeners: the play head runs in real time,
 * never past the newest audio and never more than the reserve behind it. So an
 * input that pauses for less than the reserve is not noticed, and what comes in
 * faster than real time afterwards fills the reserve again.
 */
export class Playout {
  readonly #options: PlayoutOptions;
  #anchorMs = 0;
  #anchorUs = 0;
  #started = false;
  #released: Fragment | undefined;
  #nextSequence = 0;
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
    this.#anchor(start === 'full' ? Math.max(first.mediaTimeUs, endMediaTimeUs(fragment) - this.#targetUs()) : first.mediaTimeUs);
    this.#nextSequence = buffer.at(this.#anchorUs)!.sequence;
    return true;
  }

  #isFull(): boolean {
    const { buffer, reserve } = this.#options;
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
    const { buffer, clock, onRelease } = this.#options;
    const headUs = this.#headUs();
    this.#nextSequence = Math.max(this.#nextSequence, buffer.oldest!.sequence);
    let next = buffer.get(this.#nextSequence);
    const before = this.#released;
    // Half a millisecond of slack: timers fire a little early.
    while (next && next.mediaTimeUs <= headUs + 500) {
      this.#released = next;
      next = buffer.get(++this.#nextSequence);
    }
    if (next) this.#timer = clock.after(Math.max(1, (next.mediaTimeUs - headUs) / 1000), () => this.#release());
    if (this.#released !== before) onRelease();
  }
}
