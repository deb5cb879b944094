import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DistreamError } from '../../core/errors.ts';
import { contentTypeOfFile } from '../../media/content-type.ts';
import { createFramer } from '../../media/detect.ts';
import { ID3V1_BYTES, id3v2Length } from '../../media/tags/id3.ts';
import { readTags, TAG_HEAD_BYTES } from '../../media/tags/read-tags.ts';
import type { Tags } from '../../media/tags/tags.ts';
import { fileError } from './listing.ts';

const BLOCK_BYTES = 16 * 1024;
/** ID3v2 tags that may stand one after the other. */
const MAX_LEADING_TAGS = 4;

/** An open audio file whose first frames were found. Close it. */
export class AudioFile {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly tags: Tags | undefined;
  readonly #handle: FileHandle;
  readonly #audioStart: number;

  private constructor(handle: FileHandle, path: string, found: FileStart) {
    this.#handle = handle;
    this.path = path;
    this.tags = found.tags;
    this.contentType = found.contentType;
    this.#audioStart = found.audioStart;
  }

  /**
   * Opens a file, reads its tags and makes sure that it holds audio.
   * @throws DistreamError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_NOT_AUDIO
   */
  static async open(path: string): Promise<AudioFile> {
    let handle: FileHandle | undefined;
    try {
      // O_NONBLOCK: a FIFO under an audio name must not hold a thread.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return new AudioFile(handle, path, await examine(handle, path));
    } catch (error) {
      await handle?.close();
      throw fileError(path, error);
    }
  }

  /** The file after its leading tags, in blocks of 16 KiB that the caller may keep. The next block is read while one is used. */
  async *blocks(): AsyncGenerator<Buffer> {
    let position = this.#audioStart;
    let reading = readAt(this.#handle, position, BLOCK_BYTES);
    for (;;) {
      const block = await reading.catch((error) => Promise.reject(fileError(this.path, error)));
      if (block.length === 0) return;
      position += block.length;
      reading = readAt(this.#handle, position, BLOCK_BYTES);
      reading.catch(() => undefined); // seen above, or not wanted any more
      yield block;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

interface FileStart {
  readonly tags: Tags | undefined;
  readonly contentType: string | undefined;
  readonly audioStart: number;
}

async function examine(handle: FileHandle, path: string): Promise<FileStart> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw notAudio(path, 'it is no regular file');
  if (stats.size === 0) throw notAudio(path, 'it is empty');
  const head = await readAt(handle, 0, Math.min(TAG_HEAD_BYTES, stats.size));
  const end = await readAt(handle, Math.max(0, stats.size - ID3V1_BYTES), ID3V1_BYTES);
  const audioStart = await findAudioStart(handle, head, stats.size);
  const isInHead = audioStart < head.length;
  const start = isInHead ? head.subarray(audioStart) : await readAt(handle, audioStart, TAG_HEAD_BYTES);
  return { tags: readTags(head, end), contentType: findContentType(path, start), audioStart };
}

/** Where the leading ID3v2 tags end; a tag that claims more than the file holds is left to the framer. */
async function findAudioStart(handle: FileHandle, head: Buffer, size: number): Promise<number> {
  let position = 0;
  for (let count = 0; count < MAX_LEADING_TAGS; count++) {
    const isInHead = position + 10 <= head.length;
    const tag = isInHead ? head.subarray(position) : await readAt(handle, position, 10);
    const length = id3v2Length(tag);
    if (length === 0 || position + length >= size) break;
    position += length;
  }
  return position;
}

/** What the stream will find in these bytes; the bytes win over the extension. */
function findContentType(path: string, start: Buffer): string | undefined {
  const expected = contentTypeOfFile(path);
  const framer = createFramer({ contentType: expected });
  for (let at = 0; at < start.length; at += BLOCK_BYTES) {
    const [frame] = framer.push(start.subarray(at, at + BLOCK_BYTES));
    if (frame) return frame.format.codec === 'opaque' ? reject(framer.note) : frame.format.contentType;
  }
  // Long headers, such as a picture in an Ogg file, leave it open.
  if (start.length >= TAG_HEAD_BYTES) return expected;
  const [frame] = framer.flush();
  return frame && frame.format.codec !== 'opaque' ? frame.format.contentType : reject(framer.note);

  function reject(note: string | undefined): never {
    throw notAudio(path, note?.replace(/; passed on unchanged.*/, '') ?? 'no frame was found');
  }
}

function notAudio(path: string, reason: string): DistreamError {
  return new DistreamError('FILE_NOT_AUDIO', { path, reason });
}

/** Up to `length` bytes at `position`; fewer only at the file's end. The buffer is the caller's. */
async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
