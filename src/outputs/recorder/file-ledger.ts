import type { Clock } from '../../core/clock.ts';
import type { Fragment } from '../../core/fragment.ts';
import { ContinuityLedger } from '../../protocols/link/ledger.ts';
import { writeLedgerDocument } from '../../protocols/link/ledger-document.ts';
import type { RecorderFileSystem } from './file-system.ts';
import { type Piece, timeWithinUs } from './piece.ts';

/** A crash takes so much of the ledger; the recording itself loses less. */
const SAVE_EVERY_MS = 5000;
/** The ledger is written as a whole: once it is long, not before the recording has grown by this part of it. */
const MIN_GROWTH = 0.25;

/** Audio that is missing in front of a piece. */
export interface RecordingGap {
  readonly cause: string;
  readonly lostMs: number | undefined;
}

/** What a ledger is kept with. */
export interface FileLedgerOptions {
  readonly fs: RecorderFileSystem;
  readonly clock: Clock;
  /** The recording; the ledger is `AUDIOPATH.ledger.json`. */
  readonly audioPath: string;
  readonly streamName: string;
}

/**
 * The ledger of one recording, in a file beside it. It tells only of audio that the disk has confirmed: what was
 * written waits for `confirm`. The file is replaced as a whole, so that it is valid at each moment.
 */
export class FileLedger {
  readonly #options: FileLedgerOptions;
  readonly #ledger: ContinuityLedger;
  #waiting: (() => void)[] = [];
  /** UTC of the audio that is accounted just now. */
  #audioUtcMs = 0;
  #headerBytes = 0;
  #changed = false;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #savedLength = 0;
  #savedAudioBytes = 0;

  constructor(options: FileLedgerOptions) {
    this.#options = options;
    this.#ledger = new ContinuityLedger(() => this.#audioUtcMs);
  }

  /** Notes a piece that was written, with the bytes of headers in front of it. `gap`: what is missing before it. */
  add(fragment: Fragment, piece: Piece, headerBytes: number, gap: RecordingGap | undefined): void {
    const { originEpoch, originByte, data, startTimeUs } = fragment;
    this.#waiting.push(() => {
      this.#audioUtcMs = Math.floor((startTimeUs + timeWithinUs(fragment, piece.start)) / 1000);
      if (gap) this.#ledger.gap(gap.cause, gap.lostMs);
      const audio = data.subarray(piece.start, piece.end);
      this.#ledger.audio(originEpoch, originByte + piece.start, audio, piece.durationUs);
      this.#headerBytes += headerBytes;
    });
  }

  /** All that was added is on the disk for certain. */
  confirm(): void {
    for (const account of this.#waiting) account();
    this.#changed ||= this.#waiting.length > 0;
    this.#waiting = [];
  }

  /** What was not confirmed is cut off the recording. */
  rollBack(): void {
    this.#waiting = [];
  }

  /** True while the file does not say all that is confirmed. */
  get isDirty(): boolean {
    return this.#changed;
  }

  /** True when it is time to write the file. */
  get isDue(): boolean {
    const grown = this.#ledger.summary().audioBytes - this.#savedAudioBytes;
    const isTime = this.#options.clock.nowMs() - this.#savedAtMs >= SAVE_EVERY_MS;
    return this.#changed && isTime && grown >= this.#savedLength * MIN_GROWTH;
  }

  /** Writes the file when something is new. Rejects when the disk fails; the next call tries again. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const { fs, clock, audioPath, streamName } = this.#options;
    this.#savedAtMs = clock.nowMs();
    const ledger = this.#ledger.snapshot();
    const facts = { stream: streamName, ticksPerSecond: 1_000_000, headerBytes: this.#headerBytes };
    const bytes = Buffer.from(`${writeLedgerDocument(ledger, facts)}\n`);
    await fs.replace(`${audioPath}.ledger.json`, bytes);
    this.#changed = false;
    this.#savedLength = bytes.length;
    this.#savedAudioBytes = ledger.audioBytes;
  }
}
