import { ProtocolViolation } from '../../core/errors.ts';
import { HeadLines } from './head-lines.ts';
import { trimBlanks } from './head-reader.ts';

const MAX_HEAD_BYTES = 32 * 1024;
const MAX_HEADERS = 200;
const MAX_INTERIM = 4;

const STATUS_LINE = /^(HTTP\/1\.[01]|ICE\/1\.0|ICY) {1,4}([1-9]\d\d)(?: (.*))?$/i;

/** A response head that is complete. */
export interface ResponseHead {
  readonly status: number;
  /** As sent, may be empty; not cleaned. */
  readonly reason: string;
  /** Upper case: `HTTP/1.0`, `HTTP/1.1`, `ICE/1.0` or `ICY`. */
  readonly protocol: string;
  /** By lower-case name, first value wins, one character per byte (see header-text.ts); not cleaned. */
  readonly headers: ReadonlyMap<string, string>;
  /** The bytes after the head; a view on the last chunk. */
  readonly rest: Buffer;
}

/**
 * Reads the head of a response, fed in any portions, with the tolerance that old servers need: `ICY 200 OK`,
 * lines that end with LF, no reason, lines that are no header (left out). Interim answers (1xx) are skipped.
 * At most 32 KiB and 200 headers.
 */
export class ResponseHeadReader {
  #headers = new Map<string, string>();
  #count = 0;
  #interim = 0;
  #status: Pick<ResponseHead, 'status' | 'reason' | 'protocol'> | undefined;
  #lines = this.#begin();

  /** Takes the next bytes; gives the head once it is complete. Throws ProtocolViolation; not used after either. */
  push(chunk: Buffer): ResponseHead | undefined {
    let data = chunk;
    for (;;) {
      const end = this.#lines.push(data);
      if (!end) return undefined;
      const status = this.#status!;
      if (status.status >= 200 || status.status === 101) return { ...status, headers: this.#headers, rest: end.rest };
      if (++this.#interim > MAX_INTERIM) throw new ProtocolViolation('too many interim answers');
      this.#lines = this.#begin();
      data = end.rest;
    }
  }

  #begin(): HeadLines {
    this.#headers = new Map();
    this.#count = 0;
    this.#status = undefined;
    return new HeadLines({
      maxBytes: MAX_HEAD_BYTES,
      leadingBlankLines: 2,
      strict: false,
      onLine: (line) => this.#onLine(line),
      tooLong: () => new ProtocolViolation(`answer head above ${MAX_HEAD_BYTES} bytes`),
    });
  }

  #onLine(line: string): void {
    if (this.#status) this.#addHeader(line);
    else this.#status = parseStatusLine(line);
  }

  #addHeader(line: string): void {
    if (++this.#count > MAX_HEADERS) throw new ProtocolViolation(`more than ${MAX_HEADERS} headers in the answer`);
    const colon = line.indexOf(':');
    if (colon <= 0) return;
    const name = trimBlanks(line.slice(0, colon)).toLowerCase();
    if (!this.#headers.has(name)) this.#headers.set(name, trimBlanks(line.slice(colon + 1)));
  }
}

function parseStatusLine(line: string): Pick<ResponseHead, 'status' | 'reason' | 'protocol'> {
  const match = STATUS_LINE.exec(line);
  if (!match) throw new ProtocolViolation('the answer is not HTTP');
  return { protocol: match[1]!.toUpperCase(), status: Number(match[2]), reason: trimBlanks(match[3] ?? '') };
}
