import { ProtocolViolation } from '../../core/errors.ts';
import { trimBlanks } from '../http/head-reader.ts';

const MAX_LINE_BYTES = 8 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_HEADERS = 100;
const CR = 13;
const LF = 10;
const DROPPED: ReadonlySet<string> = new Set(['icy-metaint', 'icy-reset', 'icy-prebuffer']);
/** What a header line begins with; tells headers from audio after an empty line that came too early. */
const HEADER_START = /^(icy-|ice-|cont)/i;

/** The headers of a SHOUTcast v1 source that are complete. */
export interface SourceHeaders {
  /** `icy-*` (without metaint, reset, prebuffer), `ice-*` and `content-type`, by lower-case name; one character per byte. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first audio bytes, not empty; one extra CRLF before them is left out. */
  readonly rest: Buffer;
}

type Part = 'before' | 'headers' | 'after' | 'done';

/**
 * Reads what a SHOUTcast v1 source sends after `OK2`, up to its first audio bytes. Lines end with CRLF or LF.
 * At most 100 headers, 8 KiB a line, 64 KiB in all.
 */
export class SourceHeaderReader {
  readonly #headers = new Map<string, string>();
  #part: Part = 'before';
  #pending: Buffer = Buffer.alloc(0);
  #totalBytes = 0;
  #count = 0;
  #skippedBlank = false;

  /** Takes the next bytes; gives the headers once the first audio byte is there. Throws ProtocolViolation. Not used after either. */
  push(chunk: Buffer): SourceHeaders | undefined {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#step());
    if (this.#part === 'done') return { headers: this.#headers, rest: this.#pending };
    if (this.#pending.length > MAX_LINE_BYTES) throw new ProtocolViolation('header line too long');
    return undefined;
  }

  /** Does what the pending bytes allow; false when more are needed or all is done. */
  #step(): boolean {
    if (this.#part === 'headers') return this.#readLine();
    if (this.#part === 'before') return this.#readStart();
    if (this.#part === 'after') return this.#readAudioStart();
    return false;
  }

  /** Some sources end the password with an empty line of its own; a source without headers sends the same. */
  #readStart(): boolean {
    const blank = blankLineBytes(this.#pending);
    if (blank === undefined) return false;
    if (!this.#skippedBlank && blank > 0) {
      this.#take(blank);
      this.#skippedBlank = true;
      return true;
    }
    if (this.#skippedBlank && this.#pending.length < 4) return false;
    const isHeader = !this.#skippedBlank || HEADER_START.test(this.#pending.toString('latin1', 0, 4));
    this.#part = isHeader ? 'headers' : 'after';
    return true;
  }

  #readLine(): boolean {
    const end = this.#pending.indexOf(LF);
    if (end < 0) return false;
    if (end > MAX_LINE_BYTES) throw new ProtocolViolation('header line too long');
    const line = this.#pending.toString('latin1', 0, end > 0 && this.#pending[end - 1] === CR ? end - 1 : end);
    this.#take(end + 1);
    this.#totalBytes += end + 1;
    if (this.#totalBytes > MAX_HEAD_BYTES) throw new ProtocolViolation('headers too long');
    if (line === '') this.#part = 'after';
    else this.#addHeader(line);
    return true;
  }

  #readAudioStart(): boolean {
    const blank = blankLineBytes(this.#pending);
    const extra = blank === 2 ? 2 : 0;
    if (blank === undefined || this.#pending.length <= extra) return false;
    this.#take(extra);
    this.#part = 'done';
    return true;
  }

  #addHeader(line: string): void {
    if (++this.#count > MAX_HEADERS) throw new ProtocolViolation(`more than ${MAX_HEADERS} headers`);
    const colon = line.indexOf(':');
    const name = trimBlanks(line.slice(0, Math.max(0, colon))).toLowerCase();
    const isKept = /^ic[ye]-[a-z0-9-]{1,64}$/.test(name) || name === 'content-type';
    if (isKept && !DROPPED.has(name) && !this.#headers.has(name))
      this.#headers.set(name, trimBlanks(line.slice(colon + 1)));
  }

  #take(bytes: number): void {
    this.#pending = this.#pending.subarray(bytes);
  }
}

/** Bytes of an empty line at the start: 0 when there is none, undefined when more bytes must tell. */
function blankLineBytes(data: Buffer): number | undefined {
  if (data.length === 0) return undefined;
  if (data[0] === LF) return 1;
  if (data[0] !== CR) return 0;
  if (data.length === 1) return undefined;
  return data[1] === LF ? 2 : 0;
}
