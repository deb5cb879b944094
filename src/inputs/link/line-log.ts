import type { Clock, Timer } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { LinkChange } from '../../modules/link.ts';
import { spell } from '../../net/link/line-words.ts';

/** How fast audio comes is measured over this, from the first that came. */
const MEASURE_MS = 1000;
/** A line that is back without any audio is told of after this. */
const PATIENCE_MS = 5000;
/** A reserve that lacks less is full. */
const FULL_WITHIN_MS = 500;
/** Slower than this above real time, a reserve does not fill in any time worth telling. */
const MIN_GAIN = 0.02;

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
  #back: { readonly peer: string; readonly afterMs: number; firstMs: number | undefined; audioMs: number } | undefined;

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
    this.#back = { peer, afterMs, firstMs: undefined, audioMs: 0 };
    this.#timer = clock.after(PATIENCE_MS, () => this.#tell());
  }

  /** Audio came. */
  audio(audioMs: number): void {
    const back = this.#back;
    if (!back) return;
    const { clock } = this.#options;
    if (back.firstMs === undefined) {
      back.firstMs = clock.nowMs();
      this.#timer?.cancel();
      this.#timer = clock.after(MEASURE_MS, () => this.#tell());
      return;
    }
    back.audioMs += audioMs;
  }

  /** Time until the reserve is full, by the audio of the last measurement; for the words and the status. */
  close(): void {
    this.#stop();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#back = undefined;
  }

  #tell(): void {
    const back = this.#back;
    this.#stop();
    if (!back) return;
    const { log } = this.#options;
    const head = `line to ${back.peer} is back after ${spell(back.afterMs)}`;
    if (back.firstMs === undefined) {
      log.info(`${head}; no audio has come yet`);
      return;
    }
    const loss = this.#lossWords();
    const line = `${head}; ${this.#refillWords(back.audioMs)}; ${loss ?? 'nothing was lost'}`;
    if (loss) log.warn(line);
    else log.info(line);
    this.#lostBefore = undefined;
  }

  #refillWords(audioMs: number): string {
    const { nowMs, targetMs } = this.#options.reserve();
    const missingMs = targetMs - nowMs;
    if (missingMs < FULL_WITHIN_MS) return 'the reserve is full';
    const gain = audioMs / MEASURE_MS - 1;
    if (gain < MIN_GAIN) return `sound lasts ${spell(nowMs)}`;
    return `reserve full again in ${spell(missingMs / gain)}`;
  }

  #lossWords(): string | undefined {
    const before = this.#lostBefore ?? { knownMs: 0, unknown: 0 };
    const now = this.#options.lost();
    const knownMs = now.knownMs - before.knownMs;
    if (now.unknown > before.unknown) return 'audio was lost, nobody knows how much: the other side began anew';
    return knownMs > 0 ? `${spell(knownMs)} of audio were lost` : undefined;
  }
}
