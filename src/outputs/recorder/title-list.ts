import type { Fragment } from '../../core/fragment.ts';
import { cleanText } from '../../core/text.ts';
import type { RecorderFile, RecorderFileSystem } from './file-system.ts';
import { metadataAt, type Piece, timeWithinUs } from './piece.ts';

const MAX_TITLE_LENGTH = 512;

/** The titles of one recording in a text file beside it, one line each: where it begins in the recording, and the title. */
export class TitleList {
  readonly #fs: RecorderFileSystem;
  readonly #path: string;
  #file: RecorderFile | undefined;
  #bytes = 0;
  #last: string | undefined;

  /** @param audioPath the recording; the list is `AUDIOPATH.titles.txt` */
  constructor(fs: RecorderFileSystem, audioPath: string) {
    this.#fs = fs;
    this.#path = `${audioPath}.titles.txt`;
  }

  /** Notes the titles of a piece that begins at `fileTimeUs` of the recording. Rejects when the disk fails. */
  async add(fragment: Fragment, piece: Piece, fileTimeUs: number): Promise<void> {
    const pieceTimeUs = timeWithinUs(fragment, piece.start);
    const lines = [this.#line(fileTimeUs, metadataAt(fragment, piece.start)?.title)];
    for (const { offset, metadata } of fragment.metadata) {
      if (offset <= piece.start || offset >= piece.end) continue;
      lines.push(this.#line(fileTimeUs + timeWithinUs(fragment, offset) - pieceTimeUs, metadata.title));
    }
    const text = lines.join('');
    if (text !== '') await this.#append(Buffer.from(text));
  }

  async close(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
  }

  #line(atUs: number, written: string | undefined): string {
    const title = cleanText(written ?? '', MAX_TITLE_LENGTH);
    if (title === '' || title === this.#last) return '';
    this.#last = title;
    return `${clockText(atUs)} ${title}\n`;
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#file ??= await this.#fs.create(this.#path);
    for (let offset = 0; offset < bytes.length; ) {
      const written = await this.#file.write(bytes.subarray(offset), this.#bytes);
      if (written <= 0) throw new Error('the disk took nothing');
      offset += written;
      this.#bytes += written;
    }
  }
}

/** `HH:MM:SS`; more than 99 hours take more digits. */
function clockText(timeUs: number): string {
  const seconds = Math.floor(timeUs / 1e6);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
