import { dirname } from 'node:path';
import { type Clock, sleep } from '../../core/clock.ts';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { Fragment } from '../../core/fragment.ts';
import type { Logger } from '../../core/logger.ts';
import type { OutputReport, StreamView } from '../../modules/output.ts';
import type { RecorderFileSystem } from './file-system.ts';
import type { Recorder } from './recorder.ts';

/** With fragments of half a second, at most about the last second is not on the disk. */
const SYNC_EVERY_MS = 500;
const RETRY_MS = 5000;
const SPACE_CHECK_MS = 5000;
/** No audio for so long is shown as waiting. */
const WAITING_AFTER_MS = 5000;
/** What is left is written for so long after the signal to stop. */
const FINISH_MS = 500;
/** More than this above `minFree` is asked for before recording goes on, so that it does not begin a file for each second. */
const SPACE_MARGIN = 1.1;

/** Settings of a `RecorderLoop`. */
export interface RecorderLoopOptions {
  readonly recorder: Recorder;
  readonly stream: StreamView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs: RecorderFileSystem;
  readonly minFreeBytes: number;
  readonly signal: AbortSignal;
  /** Shown while there is no file. */
  readonly target: string;
}

/** Why nothing is written just now. */
interface Trouble {
  readonly state: 'failed' | 'disk-low';
  readonly reason: string;
}

/**
 * Keeps a recorder going: writes as audio comes, puts it on the disk about every second, watches the free
 * space, and after a failure tries again with a new file until it works. It never rejects for the disk's sake.
 */
export class RecorderLoop {
  readonly #options: RecorderLoopOptions;
  #trouble: Trouble | undefined;
  #troubles = 0;
  #troubleSinceMs = 0;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #lastSyncMs = Number.NEGATIVE_INFINITY;
  #lastSpaceCheckMs = Number.NEGATIVE_INFINITY;
  #news = false;
  #wake: (() => void) | undefined;

  constructor(options: RecorderLoopOptions) {
    this.#options = options;
  }

  /** Records until the signal aborts, then writes what is left and closes the file. */
  async run(): Promise<void> {
    const { stream, recorder, signal } = this.#options;
    const stopListening = stream.onAppend((fragment) => this.#arrived(fragment));
    const onAbort = () => this.#notify();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) await this.#step();
      await this.#finish();
    } finally {
      stopListening();
      signal.removeEventListener('abort', onAbort);
      await recorder.abandon();
    }
  }

  report(): OutputReport {
    const { recorder, target } = this.#options;
    const { counters } = recorder;
    const reason = this.#trouble ? { reason: this.#trouble.reason } : {};
    return {
      state: this.#state(),
      target: recorder.currentPath ?? target,
      counters: {
        files_written: counters.filesWritten,
        bytes_written: counters.bytesWritten,
        recorded_seconds: Math.floor(counters.recordedUs / 1e6),
        gaps: counters.gaps,
        lost_seconds: Math.ceil(counters.lostUs / 1e6),
        failures: this.#troubles,
        titles_failed: counters.titlesFailed,
        ledgers_failed: counters.ledgersFailed,
      },
      detail: { ...(recorder.currentPath ? { file: recorder.currentPath } : {}), ...reason },
    };
  }

  #state(): string {
    if (this.#trouble) return this.#trouble.state;
    return this.#options.clock.nowMs() - this.#lastWriteMs < WAITING_AFTER_MS ? 'recording' : 'waiting';
  }

  #arrived(fragment: Fragment): void {
    this.#options.recorder.begin(fragment);
    this.#notify();
  }

  #notify(): void {
    this.#news = true;
    this.#wake?.();
  }

  async #step(): Promise<void> {
    const { clock, signal } = this.#options;
    try {
      if (!(await this.#hasSpace())) await sleep(clock, SPACE_CHECK_MS, signal);
      else if (!(await this.#write())) await this.#idle();
    } catch (error) {
      await this.#failed(error);
      await sleep(clock, RETRY_MS, signal);
    }
  }

  /** Writes the next frames and syncs when it is time. Resolves with false when there was nothing to do. */
  async #write(): Promise<boolean> {
    const { recorder, clock } = this.#options;
    this.#news = false;
    const wrote = await recorder.writeNext();
    if (wrote) {
      this.#lastWriteMs = clock.nowMs();
      this.#recovered();
    }
    if (!recorder.isDirty || clock.nowMs() - this.#lastSyncMs < SYNC_EVERY_MS) return wrote;
    await recorder.sync();
    this.#lastSyncMs = clock.nowMs();
    return true;
  }

  /** Waits for a fragment, the signal, or the time to sync. */
  async #idle(): Promise<void> {
    const { clock, recorder } = this.#options;
    if (this.#news) return;
    await new Promise<void>((resolve) => {
      const timer = recorder.isDirty
        ? clock.after(this.#lastSyncMs + SYNC_EVERY_MS - clock.nowMs(), () => this.#wake?.())
        : undefined;
      this.#wake = () => {
        this.#wake = undefined;
        timer?.cancel();
        resolve();
      };
    });
  }

  /** Looks now and then whether the disk has `minFree`; closes the file and tells when it has not. */
  async #hasSpace(): Promise<boolean> {
    const { clock, fs, recorder, minFreeBytes } = this.#options;
    const path = recorder.currentPath ?? recorder.nextPath;
    if (minFreeBytes === 0 || path === undefined) return true;
    const isLow = this.#trouble?.state === 'disk-low';
    if (!isLow && clock.nowMs() - this.#lastSpaceCheckMs < SPACE_CHECK_MS) return true;
    await fs.makeFolder(dirname(path));
    const free = await fs.freeBytes(dirname(path));
    this.#lastSpaceCheckMs = clock.nowMs();
    if (free >= minFreeBytes * (isLow ? SPACE_MARGIN : 1)) return true;
    recorder.countEvicted();
    this.#enter({
      state: 'disk-low',
      reason: `only ${mebibytes(free)} MiB are free; ${mebibytes(minFreeBytes)} MiB are to stay free`,
    });
    await recorder.closeFile();
    return false;
  }

  async #failed(error: unknown): Promise<void> {
    const { recorder } = this.#options;
    const path = recorder.currentPath ?? recorder.nextPath ?? this.#options.target;
    this.#enter({ state: 'failed', reason: reasonOf(error) }, path);
    this.#lastSpaceCheckMs = Number.NEGATIVE_INFINITY;
    await recorder.abandon();
    recorder.countEvicted();
  }

  #enter(trouble: Trouble, path = this.#options.target): void {
    const { log, clock } = this.#options;
    const before = this.#trouble;
    this.#trouble = trouble;
    if (!before) this.#troubleSinceMs = clock.nowMs();
    const isStillLow = before?.state === 'disk-low' && trouble.state === 'disk-low';
    if (!isStillLow) this.#troubles++;
    if (isStillLow || (before?.state === trouble.state && before.reason === trouble.reason)) return;
    const { code, message, remedy } = new DistreamError('RECORDING_FAILED', { path, reason: trouble.reason });
    log.error(`${message} (${remedy})`, { code });
  }

  #recovered(): void {
    if (!this.#trouble) return;
    const { log, clock } = this.#options;
    this.#trouble = undefined;
    log.info(`records again after ${((clock.nowMs() - this.#troubleSinceMs) / 1000).toFixed(1)} s`);
  }

  /** Writes what came before the signal. */
  async #finish(): Promise<void> {
    const { recorder, clock } = this.#options;
    if (this.#trouble) return;
    const endMs = clock.nowMs() + FINISH_MS;
    try {
      while (clock.nowMs() < endMs && (await recorder.writeNext()));
      await recorder.closeFile();
    } catch (error) {
      await this.#failed(error);
    }
  }
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}
