import type { Clock, Timer } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { LinkChange } from '../../modules/link.ts';
import { spell } from '../../net/link/line-words.ts';

/** How fast audio comes is measured in spans of this, from the first that came. */
const SPAN_MS = 1000;
/** The first span says nothing: a source or a sender begins with what it had at hand. */
const SPANS = 3;
/** A line that is back without any audio is told of after this. */
const PATIENCE_MS = 5000;
/** A reserve that lacks less is full. */
const FULL_WITHIN_MS = 500;
/** Slower than this above real time, a reserve does not fill in any time worth telling. */
const MIN_GAIN = 0.05;

/** What the words are made of. */
export interface LineLogOptions {
  readonly clock: Clock;
  readonly log: Logger;
  reserve(): { readonly nowMs: number; readonly targetMs: number };
  /** Audio that never came so far, and how often nobody knows how much. */
  lost(): { readonly knownMs: number; readonly unknown: number };
}

/** Tells when the line that audio comes by is down, and when it is back: how long, how soon the reserve is full, what was lost. */
export class LineLog {
  readonly #options: LineLogOptions;
  #timer: Timer | undefined;
  #lostBefore: { readonly knownMs: number; readonly unknown: number } | undefined;
  #back:
    | { readonly peer: string; readonly afterMs: number; spansMs: number[] | undefined; audioMs: number }
    | undefined;

  constructor(options: LineLogOptions) {
    this.#options = options;
  }

  change({ kind, peer, afterMs }: LinkChange): void {
    const { log, reserve, lost, clock } = this.#options;
    if (kind === 'down') {
      this.#stop();
      this.#lostBefore ??= lost();
      log.warn(`line to ${peer} is down; sound lasts ${spell(reserve().nowMs)}`);
      return;
    }
    if (afterMs === undefined) {
      log.info(`line to ${peer} is up`);
      return;
    }
    this.#stop();
    this.#back = { peer, afterMs, spansMs: undefined, audioMs: 0 };
    this.#timer = clock.after(PATIENCE_MS, () => this.#tell());
  }

  /** Audio came. */
  audio(audioMs: number): void {
    const back = this.#back;
    if (!back) return;
    if (back.spansMs) {
      back.audioMs += audioMs;
      return;
    }
    back.spansMs = [];
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(SPAN_MS, () => this.#measured(back.spansMs!));
  }

  /** Tells no more. */
  close(): void {
    this.#stop();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#back = undefined;
  }

  #measured(spansMs: number[]): void {
    spansMs.push(this.#back!.audioMs);
    this.#back!.audioMs = 0;
    if (spansMs.length === SPANS || this.#missingMs() < FULL_WITHIN_MS) this.#tell();
    else this.#timer = this.#options.clock.after(SPAN_MS, () => this.#measured(spansMs));
  }

  #missingMs(): number {
    const { nowMs, targetMs } = this.#options.reserve();
    return targetMs - nowMs;
  }

  #tell(): void {
    const back = this.#back;
    this.#stop();
    if (!back) return;
    const { log } = this.#options;
    const head = `line to ${back.peer} is back after ${spell(back.afterMs)}`;
    if (!back.spansMs) {
      log.info(`${head}; no audio has come yet`);
      return;
    }
    const loss = this.#lossWords();
    const line = `${head}; ${this.#refillWords(back.spansMs)}; ${loss ?? 'nothing was lost'}`;
    if (loss) log.warn(line);
    else log.info(line);
    this.#lostBefore = undefined;
  }

  // A time only when audio went on coming faster than it plays: what was a burst does not fill a reserve.
  #refillWords(spansMs: readonly number[]): string {
    const missingMs = this.#missingMs();
    if (missingMs < FULL_WITHIN_MS) return 'the reserve is full';
    const gains = spansMs.slice(1).map((audioMs) => audioMs / SPAN_MS - 1);
    const gain = gains.reduce((sum, each) => sum + each, 0) / gains.length;
    if (Math.min(...gains) >= MIN_GAIN) return `reserve full again in ${spell(missingMs / gain)}`;
    const lasts = `sound lasts ${spell(this.#options.reserve().nowMs)}`;
    return gain < MIN_GAIN ? `${lasts}, the reserve grows no more` : lasts;
  }

  #lossWords(): string | undefined {
    const before = this.#lostBefore ?? { knownMs: 0, unknown: 0 };
    const now = this.#options.lost();
    const knownMs = now.knownMs - before.knownMs;
    if (now.unknown > before.unknown) return 'audio was lost, nobody knows how much: the other side began anew';
    return knownMs > 0 ? `${spell(knownMs)} of audio were lost` : undefined;
  }
}
