/**
 * The running account of a stream's audio that proves continuity: both ends keep one, and two are compared.
 * @module
 */
import { createHash, type Hash } from 'node:crypto';

/** Audio bytes under one hash. Blocks lie at multiples of this in the epoch's audio, so that both ends cut alike. */
export const LEDGER_BLOCK_BYTES = 1 << 16;

/** One block of audio; the first and the last of a run may be shorter. */
export interface LedgerBlock {
  readonly epoch: string;
  /** Audio byte of the epoch at which it begins. */
  readonly firstByte: number;
  readonly bytes: number;
  /** When its first byte was accounted at this end, UTC in milliseconds: where a time span begins. */
  readonly utcMs: number;
  /** SHA-256 of its audio, hex. */
  readonly sha256: string;
  /** SHA-256 of the chain before and this block's hash, hex: one number that stands for all before it. */
  readonly chain: string;
}

/** Audio that never came. */
export interface LedgerGap {
  readonly cause: string;
  readonly epoch: string;
  readonly atByte: number;
  readonly lostMs: number | undefined;
  /** When it was accounted, UTC in milliseconds. */
  readonly utcMs: number;
}

/** The totals of a ledger. */
export interface LedgerSummary {
  readonly audioBytes: number;
  readonly ticks: number;
  /** The newest epoch, and where it ends. */
  readonly epoch: string | undefined;
  readonly endByte: number | undefined;
  /** Where the first epoch begins. */
  readonly firstByte: number | undefined;
  readonly gapCount: number;
  readonly repeatCount: number;
}

/** What a ledger holds at one time; plain data, for JSON. The last block may still be growing. */
export interface LedgerSnapshot extends LedgerSummary {
  readonly gaps: readonly LedgerGap[];
  readonly blocks: readonly LedgerBlock[];
}

/** Accounts one stream at one end. Bounded: the newest `maxBlocks` blocks and 1,000 gaps are kept, all are counted. */
export class ContinuityLedger {
  readonly #utcMs: () => number;
  readonly #maxBlocks: number;
  #blocks: LedgerBlock[] = [];
  #gaps: LedgerGap[] = [];
  #epoch: string | undefined;
  #firstByte: number | undefined;
  #blockStart = 0;
  #blockUtcMs = 0;
  #endByte = 0;
  #hash: Hash = createHash('sha256');
  #chain = '';
  #audioBytes = 0;
  #ticks = 0;
  #gapCount = 0;
  #repeatCount = 0;

  /** `utcMs` is the clock that dates blocks and gaps. */
  constructor(utcMs: () => number, maxBlocks = 8192) {
    this.#utcMs = utcMs;
    this.#maxBlocks = maxBlocks;
  }

  /** Audio of an epoch that begins at its byte `at`. What does not follow the bytes before begins a new block. */
  audio(epoch: string, at: number, data: Buffer, ticks: number): void {
    if (epoch !== this.#epoch || at !== this.#endByte) {
      if (epoch === this.#epoch && at < this.#endByte) this.#repeatCount++;
      this.#closeBlock();
      this.#epoch = epoch;
      this.#blockStart = at;
      this.#endByte = at;
      this.#firstByte ??= at;
    }
    for (let from = 0; from < data.length; ) {
      const room = LEDGER_BLOCK_BYTES - (this.#endByte % LEDGER_BLOCK_BYTES);
      const part = data.subarray(from, from + room);
      if (this.#endByte === this.#blockStart) this.#blockUtcMs = this.#utcMs();
      this.#hash.update(part);
      this.#endByte += part.length;
      from += part.length;
      if (part.length === room) this.#closeBlock();
    }
    this.#audioBytes += data.length;
    this.#ticks += ticks;
  }

  gap(cause: string, lostMs: number | undefined): void {
    this.#gapCount++;
    this.#gaps.push({ cause, epoch: this.#epoch ?? '', atByte: this.#endByte, lostMs, utcMs: this.#utcMs() });
    if (this.#gaps.length > 1000) this.#gaps.shift();
  }

  /** Cheap: hashes and copies nothing. */
  summary(): LedgerSummary {
    return {
      audioBytes: this.#audioBytes,
      ticks: this.#ticks,
      epoch: this.#epoch,
      endByte: this.#epoch === undefined ? undefined : this.#endByte,
      firstByte: this.#firstByte,
      gapCount: this.#gapCount,
      repeatCount: this.#repeatCount,
    };
  }

  snapshot(): LedgerSnapshot {
    const open = this.#openBlock();
    return {
      ...this.summary(),
      gaps: [...this.#gaps],
      blocks: open ? [...this.#blocks, open] : [...this.#blocks],
    };
  }

  #openBlock(): LedgerBlock | undefined {
    const bytes = this.#endByte - this.#blockStart;
    if (bytes === 0) return undefined;
    const sha256 = this.#hash.copy().digest('hex');
    const chain = createHash('sha256').update(this.#chain).update(sha256).digest('hex');
    return { epoch: this.#epoch!, firstByte: this.#blockStart, bytes, utcMs: this.#blockUtcMs, sha256, chain };
  }

  #closeBlock(): void {
    const block = this.#openBlock();
    this.#blockStart = this.#endByte;
    if (!block) return;
    this.#hash = createHash('sha256');
    this.#chain = block.chain;
    this.#blocks.push(block);
    if (this.#blocks.length > this.#maxBlocks) this.#blocks.shift();
  }
}
