import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Fragment } from '../../core/fragment.ts';
import type { Logger } from '../../core/logger.ts';
import type { StreamView } from '../../modules/output.ts';
import { advance, type Cursor, cursorAt, evictedUs, namingTimeUs } from './cursor.ts';
import { FileLedger, type RecordingGap } from './file-ledger.ts';
import { FileNames, needsOwnFile, withFittingExtension } from './file-names.ts';
import type { RecorderFileSystem } from './file-system.ts';
import type { PathTemplate } from './path-template.ts';
import { cutPiece, type Piece, timeWithinUs } from './piece.ts';
import { RecordingFile } from './recording-file.ts';
import { TitleList } from './title-list.ts';
import { waveHeadFor } from './wave-head.ts';

/** Settings of a `Recorder`. */
export interface RecorderOptions {
  readonly stream: StreamView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fs: RecorderFileSystem;
  /** Expands to absolute paths. */
  readonly path: PathTemplate;
  readonly maxDurationMs: number | undefined;
  readonly maxBytes: number | undefined;
  readonly titles: boolean;
  /** A ledger beside each file. */
  readonly ledger: boolean;
}

/** Totals of a recorder; bytes and time count when they are on the disk. */
export interface RecorderCounters {
  filesWritten: number;
  bytesWritten: number;
  recordedUs: number;
  gaps: number;
  lostUs: number;
  titlesFailed: number;
  ledgersFailed: number;
}

/**
 * Writes fragments to files, in order. It keeps no queue: the stream's buffer holds what is not written
 * yet, and the cursor says where to go on. Each method rejects when the disk fails; `abandon` then
 * puts the cursor back to what is on the disk for certain.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #names = new FileNames();
  readonly counters: RecorderCounters = {
    filesWritten: 0,
    bytesWritten: 0,
    recordedUs: 0,
    gaps: 0,
    lostUs: 0,
    titlesFailed: 0,
    ledgersFailed: 0,
  };
  #cursor: Cursor | undefined;
  #syncedCursor: Cursor | undefined;
  /** Written, but not on the disk for certain. */
  #unsynced = { bytes: 0, durationUs: 0 };
  #file: RecordingFile | undefined;
  #titles: TitleList | undefined;
  #ledger: FileLedger | undefined;
  /** Audio that was given up in front of the cursor. */
  #gap: RecordingGap | undefined;
  #isLedgerFailing = false;

  /** @param cursor where a recorder before this one stopped; undefined begins with the next fragment told to `begin` */
  constructor(options: RecorderOptions, cursor: Cursor | undefined) {
    this.#options = options;
    this.#cursor = cursor;
    this.#syncedCursor = cursor;
  }

  /** The next byte to record; undefined before the first fragment. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** The file that is written now. */
  get currentPath(): string | undefined {
    return this.#file?.path;
  }

  /** True while something was written that is not on the disk for certain, or that the ledger does not tell of. */
  get isDirty(): boolean {
    return (this.#file?.isDirty ?? false) || (this.#ledger?.isDirty ?? false);
  }

  /** Where the next audio is written to, as far as that is known before its format is. */
  get nextPath(): string | undefined {
    const fragment = this.#peek();
    return fragment && this.#options.path.expand(this.#namingTimeMs(fragment.startTimeUs));
  }

  /** Begins with this fragment, unless it has begun. */
  begin(fragment: Fragment): void {
    this.#cursor ??= cursorAt(fragment);
    this.#syncedCursor ??= this.#cursor;
  }

  /** Writes the next frames. Resolves with false when there are none. */
  async writeNext(): Promise<boolean> {
    this.countEvicted();
    const fragment = this.#peek();
    if (!fragment) return false;
    const piece = this.#fittingPiece(fragment) ?? (await this.#rotate(fragment));
    await this.#write(fragment, piece);
    return true;
  }

  /** Moves on to what the buffer still holds, and counts what is lost. */
  countEvicted(): void {
    const { stream, log } = this.#options;
    const lostUs = this.#cursor ? evictedUs(this.#cursor, stream.buffer) : 0;
    if (lostUs === 0) return;
    this.counters.gaps++;
    this.counters.lostUs += lostUs;
    this.#gap = { cause: 'eviction', lostMs: Math.round(lostUs / 1000) };
    this.#cursor = { ...cursorAt(stream.buffer.oldest!), namedTimeUs: this.#cursor!.namedTimeUs };
    log.warn(
      `the recording has a gap of ${(lostUs / 1e6).toFixed(1)} s: the disk was too slow or failed for longer than the buffer`,
    );
  }

  /** Makes sure that all that was written is on the disk. */
  async sync(): Promise<void> {
    const cursor = this.#cursor;
    await this.#file?.sync();
    this.#syncedCursor = cursor;
    this.counters.bytesWritten += this.#unsynced.bytes;
    this.counters.recordedUs += this.#unsynced.durationUs;
    this.#unsynced = { bytes: 0, durationUs: 0 };
    this.#ledger?.confirm();
    if (this.#ledger?.isDue) await this.#saveLedger();
  }

  /** Ends the current file, which is on the disk then. */
  async closeFile(): Promise<void> {
    await this.sync();
    await this.#release();
  }

  /** Gives the current file up after a failure: keeps what is on the disk and goes back to write the rest again. Never rejects. */
  async abandon(): Promise<void> {
    try {
      await this.sync();
    } catch {
      await this.#file?.rollBack();
      this.#ledger?.rollBack();
      this.#cursor = this.#syncedCursor;
      this.#unsynced = { bytes: 0, durationUs: 0 };
    }
    await this.#release();
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await this.#titles?.close();
    this.#titles = undefined;
    await this.#saveLedger();
    this.#ledger = undefined;
    if (!file) return;
    if (await file.close()) this.#names.giveBack(file.path);
  }

  #peek(): Fragment | undefined {
    return this.#cursor && this.#options.stream.buffer.get(this.#cursor.sequence);
  }

  /** The frames from the cursor on that go into the current file; undefined when a new file is due. */
  #fittingPiece(fragment: Fragment): Piece | undefined {
    const file = this.#file;
    if (!file || !fitsIntoFile(fragment, file)) return undefined;
    const { maxBytes, maxDurationMs } = this.#options;
    const headerBytes = file.headersBefore(fragment.format).length;
    return cutPiece(fragment, this.#cursor!.offset, {
      belongs: (startTimeUs) => this.#wantedPath(fragment, startTimeUs) === file.wantedPath,
      bytes: (maxBytes ?? Number.POSITIVE_INFINITY) - file.bytes - headerBytes,
      durationUs: (maxDurationMs ?? Number.POSITIVE_INFINITY) * 1000 - file.durationUs,
      isEmpty: file.bytes === 0,
    });
  }

  #wantedPath(fragment: Fragment, timeUs: number): string {
    return withFittingExtension(this.#options.path.expand(this.#namingTimeMs(timeUs)), fragment.format);
  }

  #namingTimeMs(timeUs: number): number {
    return Math.floor(namingTimeUs(this.#cursor!, timeUs) / 1000);
  }

  /** Ends the file and begins the one that the cursor's audio belongs into. */
  async #rotate(fragment: Fragment): Promise<Piece> {
    await this.closeFile();
    const { fs } = this.#options;
    const timeUs = fragment.startTimeUs + timeWithinUs(fragment, this.#cursor!.offset);
    const wantedPath = this.#wantedPath(fragment, timeUs);
    await fs.makeFolder(dirname(wantedPath));
    const { name, made } = await this.#names.create(wantedPath, (path) => fs.create(path));
    const wave = waveHeadFor(fragment.format, { streamName: this.#options.stream.name, startUtcMs: timeUs / 1000 });
    this.#file = new RecordingFile(fs, made, { path: name, wantedPath, wave });
    if (this.#options.titles) this.#titles = new TitleList(fs, name);
    const { clock, stream, ledger } = this.#options;
    if (ledger) this.#ledger = new FileLedger({ fs, clock, audioPath: name, streamName: stream.name });
    const piece = this.#fittingPiece(fragment);
    if (!piece) throw new Error('a new file takes no audio');
    return piece;
  }

  async #write(fragment: Fragment, piece: Piece): Promise<void> {
    const file = this.#file!;
    const data = fragment.data.subarray(piece.start, piece.end);
    const headers = file.headersBefore(fragment.format);
    const { bytes: bytesBefore, durationUs: fileTimeUs } = file;
    await file.append(headers.length > 0 ? [headers, data] : [data], piece.durationUs);
    file.format = fragment.format;
    this.#ledger?.add(fragment, piece, headers.length, this.#gapBefore(fragment, piece));
    this.#gap = undefined;
    this.#cursor = advance(this.#cursor!, fragment, piece.end);
    this.#unsynced.bytes += file.bytes - bytesBefore;
    this.#unsynced.durationUs += piece.durationUs;
    if (bytesBefore === 0) this.#began(file);
    await this.#addTitles(fragment, piece, fileTimeUs);
  }

  #gapBefore({ discontinuity, sequence }: Fragment, { start }: Piece): RecordingGap | undefined {
    return this.#gap ?? (start === 0 && sequence > 1 ? discontinuity : undefined);
  }

  /** The ledger is an extra: when it cannot be written, the recording goes on, and it is tried again with the next audio. */
  async #saveLedger(): Promise<void> {
    try {
      await this.#ledger?.save();
      this.#isLedgerFailing = false;
    } catch (error) {
      this.counters.ledgersFailed++;
      if (this.#isLedgerFailing) return;
      this.#isLedgerFailing = true;
      this.#options.log.warn(
        `the ledger beside ${this.#file?.path ?? 'the recording'} cannot be written: ${reasonOf(error)}`,
      );
    }
  }

  #began(file: RecordingFile): void {
    this.counters.filesWritten++;
    this.#options.log.info(`records to ${file.path}`);
  }

  /** Titles are an extra: when they fail, the recording goes on without them. */
  async #addTitles(fragment: Fragment, piece: Piece, fileTimeUs: number): Promise<void> {
    try {
      await this.#titles?.add(fragment, piece, fileTimeUs);
    } catch {
      this.counters.titlesFailed++;
      await this.#titles?.close();
      this.#titles = undefined;
    }
  }
}

/**
 * Another codec, opaque bytes of another type, and new headers of FLAC or WebM begin a new file; a chained Ogg stream
 * and new MPEG parameters do not. PCM goes on in its file while its samples are made the same way.
 */
function fitsIntoFile({ format }: Fragment, { format: written }: RecordingFile): boolean {
  if (!written || written === format) return true;
  if (format.codec === 'pcm' && written.codec === 'pcm') return written.headers.equals(format.headers);
  if (written.codec !== format.codec || needsOwnFile(format) || needsOwnFile(written)) return false;
  return format.codec !== 'opaque' || written.contentType === format.contentType;
}
