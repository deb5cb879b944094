import { constants, type FileHandle, open } from 'node:fs/promises';
import { DistreamError, ProtocolViolation, reasonOf } from '../core/errors.ts';
import { type WavHead, WavHeadParser } from '../media/wav/parse-head.ts';

const HEAD_PORTION_BYTES = 65_536;

/** What tells one state of a file from another. */
interface Stamp {
  readonly size: number;
  readonly mtimeMs: number;
}

/** An open WAV, BWF or RF64 file whose head was read. The owner closes it. Made by `openWavFile`. */
export class WavFile {
  readonly path: string;
  readonly head: WavHead;
  readonly #handle: FileHandle;

  readonly #openedAs: Stamp;

  /** For `openWavFile`. */
  constructor(path: string, head: WavHead, handle: FileHandle, openedAs: Stamp) {
    this.#openedAs = openedAs;
    this.path = path;
    this.head = head;
    this.#handle = handle;
  }

  /**
   * Reads audio as it lies in the file (little endian) from `offset` bytes after its beginning. Fills `target`, or less
   * of it at the end of the audio; answers the bytes read.
   * @throws DistreamError TRACK_UNREADABLE, also when the file has become shorter than it was
   */
  async read(target: Uint8Array, offset: number): Promise<number> {
    const wanted = Math.min(target.length, Math.max(0, this.head.dataBytes - offset));
    let filled = 0;
    while (filled < wanted) {
      const portion = await this.#handle
        .read(target, filled, wanted - filled, this.head.dataStart + offset + filled)
        .catch((error: unknown) => {
          throw unreadable(this.path, reasonOf(error), error);
        });
      if (portion.bytesRead === 0) throw unreadable(this.path, 'the file has become shorter');
      filled += portion.bytesRead;
    }
    return filled;
  }

  /** Whether the file was written to since it was opened, as far as its size and its time of change tell. Never throws. */
  async hasChanged(): Promise<boolean> {
    try {
      const { size, mtimeMs } = await this.#handle.stat();
      return size !== this.#openedAs.size || mtimeMs !== this.#openedAs.mtimeMs;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/**
 * Opens a file and reads its head.
 * @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM
 */
export async function openWavFile(path: string): Promise<WavFile> {
  let handle: FileHandle | undefined;
  try {
    // Not blocking: a named pipe without a writer would hold up the opening.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw unreadable(path, 'it is a folder');
    if (!stats.isFile()) throw unreadable(path, 'it is not a regular file');
    return new WavFile(path, await readHead(handle, stats.size), handle, stats);
  } catch (error) {
    await handle?.close();
    if (error instanceof DistreamError) throw error;
    if (error instanceof ProtocolViolation) throw new DistreamError('TRACK_NOT_PCM', { path, reason: error.message });
    throw unreadable(path, reasonOf(error), error);
  }
}

async function readHead(handle: FileHandle, fileBytes: number): Promise<WavHead> {
  const parser = new WavHeadParser({ fileBytes });
  const portion = Buffer.alloc(Math.min(HEAD_PORTION_BYTES, Math.max(1, fileBytes)));
  let position = 0;
  for (;;) {
    const skipped = parser.skippableBytes;
    parser.skip(skipped);
    position += skipped;
    const { bytesRead } = await handle.read(portion, 0, portion.length, position);
    if (bytesRead === 0) return parser.end();
    position += bytesRead;
    const head = parser.push(portion.subarray(0, bytesRead));
    if (head) return head;
  }
}

function unreadable(path: string, reason: string, cause?: unknown): DistreamError {
  return new DistreamError('TRACK_UNREADABLE', { path, reason }, { cause });
}
