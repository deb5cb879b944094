import { reasonOf } from '../../core/errors.ts';
import { frameBytesOf, type PcmFormat } from '../../media/wav/pcm-format.ts';
import { padBytes, type WavHeadWriter } from '../../media/wav/write-head.ts';
import type { GapCause } from '../proof/gap-list.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import type { TakeFile, TakeFileSystem } from './file-system.ts';

/** Silence is written and hashed in portions, so that a long one costs no memory. */
const SILENCE_BYTES = 1 << 18;

/** What a track's file is made of. */
export interface TrackFileOptions {
  readonly fs: TakeFileSystem;
  /** Where it is; asked for when the folder is there. */
  readonly path: () => string;
  readonly format: PcmFormat;
  readonly head: WavHeadWriter;
  /** Resolves when the folder is there. */
  readonly folder: Promise<void>;
  /** Audio that may wait for a slow disk; more becomes silence. Default 4 MiB. */
  readonly maxQueuedBytes?: number;
  /** Told once, when the disk fails: the file has ended there. */
  readonly onFailure: (reason: string) => void;
}

type Job =
  | { readonly kind: 'audio'; readonly bytes: Buffer; readonly gap: GapCause | undefined }
  | { readonly kind: 'silence'; frames: number; readonly cause: GapCause }
  | { readonly kind: 'checkpoint' };

/**
 * A track's file while it is recorded: whole sample frames are appended, in the background and in order, and the head
 * tells their number at each checkpoint, so that the file is valid up to there after a crash. When the disk fails, the
 * file ends with the last whole sample frame that it took; what comes later is dropped. Nothing here rejects.
 */
export class TrackFile {
  readonly format: PcmFormat;
  readonly #options: TrackFileOptions;
  readonly #frameBytes: number;
  readonly #hasher: PcmHasher;
  readonly #jobs: Job[] = [];
  #queuedBytes = 0;
  #file: TakeFile | undefined;
  #hasHead = false;
  #dataBytes = 0;
  #failure: string | undefined;
  #working: Promise<void> | undefined;

  constructor(options: TrackFileOptions) {
    this.format = options.format;
    this.#options = options;
    this.#frameBytes = frameBytesOf(options.format);
    this.#hasher = new PcmHasher({ format: options.format });
  }

  /** Where it is, once the folder is there. */
  get path(): string {
    return this.#options.path();
  }

  /** Hashes and gaps of what is in the file. */
  get pcm(): Pick<PcmHasher, 'account' | 'gaps'> {
    return this.#hasher;
  }

  /** Why the file has ended early; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Sample frames that are in the file. */
  get frames(): number {
    return this.#dataBytes / this.#frameBytes;
  }

  /**
   * Appends whole sample frames as they stand in a file. The bytes are taken over.
   * @param gap why they are made up: they are listed as missing
   */
  append(bytes: Buffer, gap?: GapCause): void {
    if (this.#failure !== undefined) return;
    if (this.#queuedBytes + bytes.length > (this.#options.maxQueuedBytes ?? 1 << 22)) {
      this.silence(bytes.length / this.#frameBytes, 'disk');
      return;
    }
    this.#queuedBytes += bytes.length;
    this.#add({ kind: 'audio', bytes, gap });
  }

  /** Appends silence of any length. */
  silence(frames: number, cause: GapCause): void {
    if (this.#failure !== undefined || frames === 0) return;
    const last = this.#jobs.at(-1);
    // The first job may be at work already.
    if (this.#jobs.length > 1 && last?.kind === 'silence' && last.cause === cause) last.frames += frames;
    else this.#add({ kind: 'silence', frames, cause });
  }

  /** Makes the file valid up to here, on the disk, once what was appended before has been written. */
  checkpoint(): void {
    if (this.#failure !== undefined || this.#jobs.at(-1)?.kind === 'checkpoint') return;
    this.#add({ kind: 'checkpoint' });
  }

  /** Writes what waits, changes the description, and closes the file. */
  async close(description?: string): Promise<void> {
    await this.#working;
    if (!this.#file) return;
    try {
      if (this.#failure === undefined) await this.#end(description);
    } catch (error) {
      await this.#fail(error);
    }
    await this.#file.close().catch(() => undefined);
  }

  #add(job: Job): void {
    this.#jobs.push(job);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    try {
      await this.#options.folder;
      await this.#open();
      for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
        await this.#do(job);
        this.#jobs.shift();
      }
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #open(): Promise<void> {
    if (this.#file) return;
    this.#file = await this.#options.fs.create(this.path);
    await this.#writeAll(this.#options.head.head, 0);
    this.#hasHead = true;
  }

  async #do(job: Job): Promise<void> {
    if (job.kind === 'checkpoint') return this.#checkpoint();
    if (job.kind === 'silence') return this.#writeSilence(job);
    await this.#append(job.bytes);
    const { position } = this.#hasher;
    this.#hasher.push(job.bytes);
    if (job.gap !== undefined) this.#hasher.gaps.add(position, this.#hasher.position, job.gap);
    this.#queuedBytes -= job.bytes.length;
  }

  async #writeSilence(job: { frames: number; readonly cause: GapCause }): Promise<void> {
    const portion = Math.floor(SILENCE_BYTES / this.#frameBytes);
    while (job.frames > 0) {
      const frames = Math.min(portion, job.frames);
      await this.#append(Buffer.alloc(frames * this.#frameBytes));
      this.#hasher.gap(frames, job.cause);
      job.frames -= frames;
    }
  }

  async #append(bytes: Buffer): Promise<void> {
    await this.#writeAll(bytes, this.#options.head.dataStart + this.#dataBytes);
    this.#dataBytes += bytes.length;
  }

  async #writeAll(bytes: Buffer, position: number): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      const written = await this.#file!.write(bytes.subarray(offset), position + offset);
      if (written <= 0) throw new Error('the disk took nothing');
      offset += written;
    }
  }

  async #checkpoint(): Promise<void> {
    // An odd number of bytes would need a pad byte, which only the end of a file has.
    const bytes = padBytes(this.#dataBytes) === 0 ? this.#dataBytes : this.#dataBytes - this.#frameBytes;
    await this.#writeSizes(bytes);
    await this.#file!.sync();
    if (!(await this.#file!.isLinked())) throw new Error('the file was deleted');
  }

  async #writeSizes(dataBytes: number): Promise<void> {
    for (const { offset, bytes } of this.#options.head.sizesAt(dataBytes)) await this.#writeAll(bytes, offset);
  }

  async #end(description: string | undefined): Promise<void> {
    const { head } = this.#options;
    if (description !== undefined) {
      const { offset, bytes } = head.descriptionPatch(description);
      await this.#writeAll(bytes, offset);
    }
    await this.#writeAll(Buffer.alloc(padBytes(this.#dataBytes)), head.dataStart + this.#dataBytes);
    await this.#writeSizes(this.#dataBytes);
    await this.#file!.sync();
    if (!(await this.#file!.isLinked())) throw new Error('the file was deleted');
  }

  // What was written so far stays valid: writing over a head takes no room on a full disk.
  async #fail(error: unknown): Promise<void> {
    this.#failure = reasonOf(error);
    this.#jobs.length = 0;
    this.#queuedBytes = 0;
    this.#options.onFailure(this.#failure);
    if (!this.#file) return;
    if (!this.#hasHead) {
      await this.#file.truncate(0).catch(() => undefined);
      return;
    }
    const end = this.#options.head.dataStart + this.#dataBytes;
    await this.#file.truncate(end).catch(() => undefined);
    await this.#writeSizes(this.#dataBytes).catch(() => undefined);
    if (padBytes(this.#dataBytes) > 0) await this.#file.write(Buffer.alloc(1), end).catch(() => undefined);
  }
}
