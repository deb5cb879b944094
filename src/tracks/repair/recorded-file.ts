import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { descriptionField } from '../../media/wav/bext-chunk.ts';
import { frameBytesOf, type PcmFormat } from '../../media/wav/pcm-format.ts';
import { isGrowingHead, padBytes, sizePatches, WavHeadWriter } from '../../media/wav/write-head.ts';
import { type PcmAccount, PcmHasher } from '../proof/pcm-hasher.ts';
import { openWavFile } from '../wav-file.ts';
import { writeAll } from '../write-all.ts';

const PORTION_BYTES = 1 << 18;
const DAY_SECONDS = 86_400;
/** Where a recorder puts `bext`: behind the room for `ds64`. */
const BEXT_AT = 48;
const CHUNK_HEAD_BYTES = 8;
/** What the recorder, and a repair before this one, said of gaps at the end of a description. */
const GAP_WORDS = /; (?:no gaps|\d{1,10} gaps? at the end of the take|\d{1,10} gaps? left).*$/;
const START_WORDS = /^Take start \S{1,40} UTC/;

/** The file of a recorded track, to be mended in place. The owner closes it. */
export class RecordedFile {
  readonly path: string;
  readonly format: PcmFormat;
  readonly frameBytes: number;
  readonly #handle: FileHandle;
  readonly #dataStart: number;
  readonly #description: string | undefined;
  #frames: number;

  private constructor(
    path: string,
    handle: FileHandle,
    shape: { format: PcmFormat; dataStart: number; frames: number; description: string | undefined },
  ) {
    this.path = path;
    this.#handle = handle;
    this.format = shape.format;
    this.frameBytes = frameBytesOf(shape.format);
    this.#dataStart = shape.dataStart;
    this.#frames = shape.frames;
    this.#description = shape.description;
  }

  /** @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM, RECORDING_FAILED when it cannot be written */
  static async open(path: string): Promise<RecordedFile> {
    const wav = await openWavFile(path);
    const { format, dataStart, frames, bext } = wav.head;
    const description = bext?.description;
    await wav.close();
    try {
      return new RecordedFile(path, await open(path, 'r+'), { format, dataStart, frames, description });
    } catch (error) {
      throw failed(path, error);
    }
  }

  /** Sample frames that are in it. */
  get frames(): number {
    return this.#frames;
  }

  /** Writes whole sample frames at their place; the file grows when they lie behind its end. Throws RECORDING_FAILED. */
  async write(position: number, pcm: Buffer): Promise<void> {
    try {
      await writeAll(this.#handle, pcm, this.#dataStart + position * this.frameBytes);
    } catch (error) {
      throw failed(this.path, error);
    }
    this.#frames = Math.max(this.#frames, position + pcm.length / this.frameBytes);
  }

  /** Whether the head has room for another size. */
  async canGrow(): Promise<boolean> {
    const start = Buffer.alloc(20);
    await this.#handle.read(start, 0, start.length, 0);
    return isGrowingHead(start);
  }

  /** The hashes of all that is in it, or of a stretch, read from the disk. Throws TRACK_UNREADABLE. */
  async account(stretch = { start: 0, frames: this.#frames }): Promise<PcmAccount> {
    const hasher = new PcmHasher({ format: this.format, startFrame: stretch.start });
    const portion = Buffer.alloc(Math.floor(PORTION_BYTES / this.frameBytes) * this.frameBytes);
    const end = stretch.start + stretch.frames;
    for (let done = stretch.start; done < end; ) {
      const frames = Math.min(portion.length / this.frameBytes, end - done);
      const pcm = portion.subarray(0, frames * this.frameBytes);
      await readAll(this.#handle, pcm, this.#dataStart + done * this.frameBytes).catch((error: unknown) => {
        throw new DistreamError('TRACK_UNREADABLE', { path: this.path, reason: reasonOf(error) }, { cause: error });
      });
      hasher.push(pcm);
      done += frames;
    }
    return hasher.account();
  }

  /** Makes the head say how much there is, and waits for the disk. Throws RECORDING_FAILED. */
  async sync(): Promise<void> {
    const dataBytes = this.#frames * this.frameBytes;
    try {
      if (await this.canGrow()) {
        await writeAll(this.#handle, Buffer.alloc(padBytes(dataBytes)), this.#dataStart + dataBytes);
        const file = { dataStart: this.#dataStart, frameBytes: this.frameBytes };
        for (const { offset, bytes } of sizePatches(file, dataBytes)) await writeAll(this.#handle, bytes, offset);
      }
      await this.#handle.datasync();
    } catch (error) {
      throw failed(this.path, error);
    }
  }

  /** Makes the description say what is missing now, where a recorder has left one. Throws RECORDING_FAILED. */
  async describeGaps(words: string): Promise<void> {
    if (this.#description === undefined) return;
    try {
      const id = Buffer.alloc(4);
      await this.#handle.read(id, 0, id.length, BEXT_AT);
      if (id.toString('latin1') !== 'bext') return;
      const field = descriptionField(`${this.#description.replace(GAP_WORDS, '')}; ${words}`);
      await writeAll(this.#handle, field, BEXT_AT + CHUNK_HEAD_BYTES);
    } catch (error) {
      throw failed(this.path, error);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/**
 * Puts silence before the first sample frame of a recording: another file takes its place, whose time reference is
 * earlier by as much. A crash leaves the old file or the new one.
 * @param startUtcMs of the new first sample frame
 * @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM, RECORDING_FAILED
 */
export async function prependSilence(path: string, frames: number, startUtcMs: number, name: string): Promise<void> {
  const wav = await openWavFile(path);
  const temporary = `${path}.tmp`;
  try {
    const { format, bext, frames: recorded } = wav.head;
    const { channels, sampleRate } = format;
    const midnight = DAY_SECONDS * sampleRate;
    const head = new WavHeadWriter({
      format,
      trackNames: Array.from({ length: channels }, (_, index) => (channels === 1 ? name : `${name} ${index + 1}`)),
      bext: {
        description: (bext?.description ?? '').replace(
          START_WORDS,
          `Take start ${new Date(startUtcMs).toISOString()} UTC`,
        ),
        originator: bext?.originator ?? '',
        originatorReference: bext?.originatorReference ?? '',
        startUtcMs,
        timeReference: ((bext?.timeReference ?? 0) - frames + midnight) % midnight,
        codingHistory: bext?.codingHistory ? [bext.codingHistory] : [],
      },
    });
    await rm(temporary, { force: true });
    const target = await open(temporary, 'wx', 0o640);
    try {
      await copyBehind(wav, target, { head, silence: frames, recorded });
      await target.datasync();
    } finally {
      await target.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error instanceof DistreamError ? error : failed(path, error);
  } finally {
    await wav.close();
  }
}

async function copyBehind(
  wav: Awaited<ReturnType<typeof openWavFile>>,
  target: FileHandle,
  { head, silence, recorded }: { head: WavHeadWriter; silence: number; recorded: number },
): Promise<void> {
  const frameBytes = frameBytesOf(wav.head.format);
  const dataBytes = (silence + recorded) * frameBytes;
  await writeAll(target, head.head, 0);
  let at = head.dataStart;
  for (let left = silence * frameBytes; left > 0; left -= PORTION_BYTES) {
    at += await writeAll(target, Buffer.alloc(Math.min(left, PORTION_BYTES)), at);
  }
  const portion = Buffer.alloc(PORTION_BYTES);
  for (let offset = 0; offset < recorded * frameBytes; ) {
    const bytes = await wav.read(portion, offset);
    offset += bytes;
    at += await writeAll(target, portion.subarray(0, bytes), at);
  }
  await writeAll(target, Buffer.alloc(padBytes(dataBytes)), at);
  for (const { offset, bytes } of head.sizesAt(dataBytes)) await writeAll(target, bytes, offset);
}

async function readAll(handle: FileHandle, target: Buffer, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Error('the file has become shorter');
    done += bytesRead;
  }
}

function failed(path: string, error: unknown): DistreamError {
  return new DistreamError('RECORDING_FAILED', { path, reason: reasonOf(error) }, { cause: error });
}
