import type { Clock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { Logger } from '../../../core/logger.ts';
import { readBootId } from './boot-id.ts';
import { BrokenMark } from './broken-mark.ts';
import type { JournalFs } from './journal-fs.ts';
import { type FoundSegment, SegmentLog } from './segment-log.ts';

const RETRY_MS = 10_000;
/** So many files hold what is to be kept: one is removed at a time. */
const SEGMENTS = 8;
/** Each restart begins a file; of more the oldest go, however short they are. */
const MAX_SEGMENTS = 64;

/** What a journal is given. */
export interface JournalOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How much is kept; the tighter bound wins, roughly. */
  readonly keepMs: number;
  readonly maxBytes: number;
  /** Default: the system's. */
  readonly fs?: JournalFs;
  /** Tells the starts of the machine apart. Default: the system's. */
  readonly bootId?: () => string | undefined;
  /** Where a folder is marked that cannot be emptied. Default: the system's shared memory. */
  readonly markFolder?: string;
}

/** What goes to the disk: a position in time, and entries. */
export interface KeptEntries {
  /** Microseconds on a time line that only rises; says how much audio a file holds. */
  readonly timeUs: number;
  readonly entries: readonly Buffer[];
  /** What a reader must know who begins with these entries. */
  header(): object;
}

/**
 * A segment log that never fails: while the disk does not take anything the program goes on in memory, tells it once, and
 * tries again. What was kept until then is removed, since it is no longer all.
 */
export class KeptLog {
  readonly #options: JournalOptions;
  readonly bootId: string | undefined;
  readonly #broken: BrokenMark;
  #log: SegmentLog | undefined;
  #begun: { timeUs: number; bytes: number }[] = [];
  #retryAtMs = 0;
  #isTold = false;
  /** Makes entries of all that is held, for a disk that takes them again. */
  #everything: (() => KeptEntries) | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.bootId = (options.bootId ?? readBootId)();
    this.#broken = new BrokenMark(options.folder, options.markFolder);
  }

  /** Whether what is appended is kept. */
  get isKeeping(): boolean {
    return this.#log !== undefined;
  }

  /** What is there, oldest first; nothing when the folder cannot be used. Call it before all else. */
  open(): readonly FoundSegment[] {
    return (
      this.#attempt(() => {
        this.#log = SegmentLog.open(this.#options);
        if (this.#broken.isSet) this.#empty(this.#log);
        return this.#log.read();
      }) ?? []
    );
  }

  /** `everything` is asked when the disk works again. */
  set whole(everything: () => KeptEntries) {
    this.#everything = everything;
  }

  /** Removes what is there. */
  clear(): void {
    this.#begun = [];
    this.#attempt(() => this.#log?.clear());
  }

  append(kept: KeptEntries): void {
    if (this.#log) {
      this.#attempt(() => this.#append(this.#log!, kept));
      return;
    }
    if (this.#options.clock.nowMs() >= this.#retryAtMs) this.#recover();
  }

  /** Gives the folder back; what is there stays. */
  close(): void {
    this.#log?.close();
    this.#log = undefined;
    this.#retryAtMs = Number.POSITIVE_INFINITY;
  }

  #append(log: SegmentLog, kept: KeptEntries): void {
    const { keepMs, maxBytes } = this.#options;
    const current = this.#begun.at(-1);
    const isFull =
      !current ||
      kept.timeUs - current.timeUs >= (keepMs * 1000) / SEGMENTS ||
      current.bytes >= maxBytes / SEGMENTS ||
      kept.timeUs < current.timeUs;
    if (isFull) this.#begin(log, kept);
    log.append(kept.entries);
    this.#begun.at(-1)!.bytes += kept.entries.reduce((sum, { length }) => sum + length, 0);
  }

  #begin(log: SegmentLog, kept: KeptEntries): void {
    log.begin(kept.header());
    this.#begun.push({ timeUs: kept.timeUs, bytes: 0 });
    const { keepMs, maxBytes } = this.#options;
    const held = () => this.#begun.reduce((sum, { bytes }) => sum + bytes, 0);
    while (this.#begun.length > 1) {
      const isSpare = kept.timeUs - this.#begun[1]!.timeUs >= keepMs * 1000 || held() > maxBytes;
      if (!isSpare) break;
      this.#begun.shift();
    }
    // Files from before this start go as soon as those of now hold as much.
    const isEnough = kept.timeUs - this.#begun[0]!.timeUs >= keepMs * 1000;
    const most = isEnough ? this.#begun.length : MAX_SEGMENTS;
    while (log.segments > most) log.removeOldest();
  }

  #recover(): void {
    const everything = this.#everything;
    if (!everything) return;
    const isDone = this.#attempt(() => {
      const log = SegmentLog.open(this.#options);
      this.#log = log;
      this.#empty(log);
      this.#append(log, everything());
      return true;
    });
    if (!isDone) return;
    this.#isTold = false;
    this.#options.log.info('what links hold is kept on the disk again');
  }

  #empty(log: SegmentLog): void {
    log.clear();
    this.#begun = [];
    this.#broken.clear();
  }

  #attempt<Result>(act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    const { clock, log, folder } = this.#options;
    this.#retryAtMs = clock.nowMs() + RETRY_MS;
    const failed = this.#log;
    this.#log = undefined;
    this.#begun = [];
    try {
      // What is there is not all that was sent: nobody may go on with it.
      failed?.clear();
    } catch {
      // The disk may remove nothing now, and be there again when the next process starts.
      this.#broken.set();
    }
    failed?.close();
    if (this.#isTold) return;
    this.#isTold = true;
    log.error(`cannot keep in ${folder} what links hold: ${reasonOf(error)}; a restart loses it; trying again`);
  }
}
