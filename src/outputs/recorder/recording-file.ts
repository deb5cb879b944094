import { dirname } from 'node:path';
import type { StreamFormat } from '../../core/fragment.ts';
import { padBytes, type WavHeadWriter } from '../../media/wav/write-head.ts';
import type { RecorderFile, RecorderFileSystem } from './file-system.ts';

const NO_HEADERS = Buffer.alloc(0);

/** One file of a recording. Between two calls it ends at a frame border; nobody else writes to it. */
export class RecordingFile {
  /** Where it is, with its number. */
  readonly path: string;
  /** The path before it was numbered: a file is rotated when this changes. */
  readonly wantedPath: string;
  /** What was written last; undefined before the first audio. */
  format: StreamFormat | undefined;
  /** Of a recording of PCM, whose head tells its length. */
  readonly #wave: WavHeadWriter | undefined;
  readonly #fs: RecorderFileSystem;
  readonly #file: RecorderFile;
  #bytes = 0;
  #syncedBytes = 0;
  #durationUs = 0;
  #isFolderSynced = false;
  #syncFailure: unknown;
  /** There may be a part of a frame at its end that could not be cut off. */
  #isTorn = false;

  constructor(
    fs: RecorderFileSystem,
    file: RecorderFile,
    about: { path: string; wantedPath: string; wave?: WavHeadWriter | undefined },
  ) {
    this.#fs = fs;
    this.#file = file;
    this.path = about.path;
    this.wantedPath = about.wantedPath;
    this.#wave = about.wave;
  }

  /** What stands in front of audio of that format, if it comes next; empty in the middle of a run. */
  headersBefore(format: StreamFormat): Buffer {
    if (this.#wave) return this.#bytes === 0 ? this.#wave.head : NO_HEADERS;
    return format === this.format ? NO_HEADERS : format.headers;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Audio in the file, in microseconds. */
  get durationUs(): number {
    return this.#durationUs;
  }

  /** True while something is not on the disk for certain. */
  get isDirty(): boolean {
    return this.#syncedBytes !== this.#bytes;
  }

  /** Appends whole frames. When the disk fails, what was written of them is cut off again and the error rejected. */
  async append(parts: readonly Buffer[], durationUs: number): Promise<void> {
    let position = this.#bytes;
    try {
      for (const part of parts) position = await this.#writeAll(part, position);
    } catch (error) {
      await this.#cutTo(this.#bytes);
      throw error;
    }
    this.#bytes = position;
    this.#durationUs += durationUs;
  }

  async #writeAll(bytes: Buffer, position: number): Promise<number> {
    for (let offset = 0; offset < bytes.length; ) {
      const written = await this.#file.write(bytes.subarray(offset), position + offset);
      if (written <= 0) throw new Error('the disk took nothing');
      offset += written;
    }
    return position + bytes.length;
  }

  /**
   * Resolves when all is on the disk, under its name. Rejects when the disk failed or the file was deleted, and
   * from then on: a system that could not write pages may forget them and report success the next time.
   */
  async sync(): Promise<void> {
    if (this.#syncFailure) throw this.#syncFailure;
    if (!this.isDirty) return;
    try {
      await this.#file.sync();
      if (!(await this.#file.isLinked())) throw new Error('the file was deleted');
      // Only now: a head never tells of audio that a crash may take.
      await this.#writeSizes();
    } catch (error) {
      this.#syncFailure = error;
      throw error;
    }
    this.#syncedBytes = this.#bytes;
    if (this.#isFolderSynced) return;
    this.#isFolderSynced = true;
    // Not every file system can do it.
    await this.#fs.syncFolder(dirname(this.path)).catch(() => undefined);
  }

  /** Tells the length of the audio in the head of a WAV file. The pad byte of an odd length comes at the end only. */
  async #writeSizes(isEnd = false): Promise<void> {
    if (!this.#wave || this.#bytes === 0) return;
    const audioBytes = this.#bytes - this.#wave.dataStart;
    const odd = padBytes(audioBytes);
    if (isEnd && odd > 0) await this.#writeAll(Buffer.alloc(odd), this.#bytes);
    const told = odd > 0 && !isEnd ? audioBytes - this.#wave.frameBytes : audioBytes;
    for (const { offset, bytes } of this.#wave.sizesAt(told)) await this.#writeAll(bytes, offset);
    if (isEnd) await this.#file.sync();
  }

  /** Cuts off what is not on the disk for certain, so that it can be written again elsewhere. Never rejects. */
  async rollBack(): Promise<void> {
    this.#bytes = this.#syncedBytes;
    await this.#cutTo(this.#bytes);
  }

  /** Closes it and removes it when nothing is in it; resolves with true when it was removed. Never rejects. */
  async close(): Promise<boolean> {
    if (this.#isTorn) await this.#cutTo(this.#bytes);
    await this.#writeSizes(true).catch(() => undefined);
    // Another file may have taken the name of one that was deleted.
    const isOurs = this.#bytes === 0 && (await this.#file.isLinked().catch(() => false));
    await this.#file.close().catch(() => undefined);
    if (!isOurs) return false;
    return this.#fs.remove(this.path).then(
      () => true,
      () => false,
    );
  }

  async #cutTo(length: number): Promise<void> {
    this.#isTorn = await this.#file.truncate(length).then(
      () => false,
      () => true,
    );
  }
}
