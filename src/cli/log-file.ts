import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../core/errors.ts';
import { cleanText } from '../core/text.ts';

/** Lines that wait for a slow disk, in bytes; more are dropped. */
const MAX_WAITING_BYTES = 2 ** 20;

/**
 * Appends lines to a file in the background, so that a disk that hangs or is full holds up nothing. A failure is told
 * once; each later line tries anew.
 */
export class LogFile {
  readonly #path: string;
  readonly #tell: (line: string) => void;
  #stream: WriteStream | undefined;
  #told = false;

  /** @param tell takes a line about the file's own trouble */
  constructor(path: string, tell: (line: string) => void) {
    this.#path = path;
    this.#tell = tell;
  }

  write(line: string): void {
    this.#stream ??= this.#open();
    if (!this.#stream || this.#stream.writableLength > MAX_WAITING_BYTES) return;
    this.#stream.write(line, (error) => {
      if (!error) this.#told = false;
    });
  }

  /** Resolves when every line is written, or cannot be. */
  close(): Promise<void> {
    const stream = this.#stream;
    if (!stream || stream.closed) return Promise.resolve();
    return new Promise((resolve) => {
      stream.once('close', resolve);
      stream.end();
      this.#stream = undefined;
    });
  }

  #open(): WriteStream | undefined {
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
    const stream = createWriteStream(this.#path, { flags: 'a', mode: 0o640 });
    stream.on('error', (error) => {
      if (this.#stream === stream) this.#stream = undefined;
      this.#fail(error);
    });
    return stream;
  }

  #fail(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#tell(`log file ${cleanText(this.#path)}: ${reasonOf(error)}; the log goes on here\n`);
  }
}
