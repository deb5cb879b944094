import { ProtocolViolation } from '../../core/errors.ts';
import { HeadError } from './head-error.ts';
import { HeadLines } from './head-lines.ts';
import type { RequestHead } from './request-head.ts';
import { rewrittenTitleHead, titleRequestLine } from './title-request.ts';

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
const LEADING_BLANK_LINES = 2;

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-~]+) ([A-Z]+\/\d\.\d)$/;
/** The same with bytes beyond ASCII in the target. */
const RAW_REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([!-~\u0080-\u00ff]+) ([A-Z]+\/\d\.\d)$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TARGET_FORM = /^(\/|\*$|https?:\/\/[^/?#@]+(?:[/?]|$))/i;
const CONTENT_LENGTH = /^\d{1,15}$/;
const VERSIONS: ReadonlySet<string> = new Set(['HTTP/1.0', 'HTTP/1.1', 'ICE/1.0']);

/** A second one would let two programs read two different requests. */
const SINGLE: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'authorization']);
const LISTS: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'allow',
  'cache-control',
  'connection',
  'forwarded',
  'te',
  'upgrade',
  'via',
  'x-forwarded-for',
]);

/** A request head that is complete. */
export interface ReadHead {
  readonly head: RequestHead;
  /** The bytes of the head as received, to hand on untouched; those of a title update are written anew. */
  readonly raw: Buffer;
  /** The bytes after the head; a view on the last chunk. */
  readonly rest: Buffer;
}

/**
 * Reads one request head (RFC 9112 section 2 to 5), fed in any portions. At least as strict as Node's
 * parser, except that lines may end with LF alone, the version may be `ICE/1.0` and `Host` may be
 * missing: old encoders and players need that; and a title update may have any bytes in its target
 * (see title-request.ts). At most 16 KiB and 100 headers.
 */
export class HeadReader {
  readonly #lines: HeadLines;
  readonly #requestLine: RegExp;
  readonly #headers = new Map<string, string>();
  #count = 0;
  #request: Pick<RequestHead, 'method' | 'target' | 'version'> | undefined;

  /** `rawTarget`: the target may have bytes beyond ASCII, for a protocol whose clients do not escape them. */
  constructor({ rawTarget = false }: { readonly rawTarget?: boolean } = {}) {
    this.#requestLine = rawTarget ? RAW_REQUEST_LINE : REQUEST_LINE;
    this.#lines = new HeadLines({
      maxBytes: MAX_HEAD_BYTES,
      leadingBlankLines: LEADING_BLANK_LINES,
      strict: true,
      onLine: (line) => this.#onLine(line),
      tooLong: () => new HeadError(431, `head above ${MAX_HEAD_BYTES} bytes`),
    });
  }

  /** Bytes held while the head is incomplete; 0 means that no request has begun. */
  get heldBytes(): number {
    return this.#lines.heldBytes;
  }

  /** Takes the next bytes; gives the head once it is complete. Throws HeadError; the reader is not used after either. */
  push(chunk: Buffer): ReadHead | undefined {
    try {
      const end = this.#lines.push(chunk);
      if (!end) return undefined;
      checkBodyLength(this.#request!.version, this.#headers);
      const head = { ...this.#request!, headers: this.#headers };
      return { head, raw: rewrittenTitleHead(head) ?? end.raw, rest: end.rest };
    } catch (error) {
      if (error instanceof HeadError || !(error instanceof ProtocolViolation)) throw error;
      throw new HeadError(400, error.message);
    }
  }

  #onLine(line: string): void {
    if (this.#request) this.#addHeader(line);
    else this.#request = titleRequestLine(line) ?? parseRequestLine(line, this.#requestLine);
  }

  #addHeader(line: string): void {
    if (++this.#count > MAX_HEADERS) throw new HeadError(431, `more than ${MAX_HEADERS} headers`);
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!HEADER_NAME.test(name)) throw new HeadError(400, 'header without a proper name');
    const key = name.toLowerCase();
    const value = trimBlanks(line.slice(colon + 1));
    const before = this.#headers.get(key);
    if (before === undefined) this.#headers.set(key, value);
    else if (SINGLE.has(key)) throw new HeadError(400, `more than one ${key} header`);
    else if (LISTS.has(key)) this.#headers.set(key, `${before}, ${value}`);
  }
}

function parseRequestLine(line: string, pattern: RegExp): Pick<RequestHead, 'method' | 'target' | 'version'> {
  const match = pattern.exec(line);
  if (!match) throw new HeadError(400, 'no proper request line');
  const [, method, target, version] = match as unknown as [string, string, string, string];
  if (!VERSIONS.has(version)) {
    throw new HeadError(/^(HTTP|ICE)\//.test(version) ? 505 : 400, 'unknown protocol version');
  }
  if (method === 'CONNECT' || method === 'TRACE') throw new HeadError(405, `${method} is not served`);
  if (!TARGET_FORM.test(target) || (target === '*' && method !== 'OPTIONS'))
    throw new HeadError(400, 'the request target must begin with /');
  return { method, target, version: version as RequestHead['version'] };
}

/** RFC 9112 section 6.3: where the body ends must have one meaning. */
function checkBodyLength(version: string, headers: ReadonlyMap<string, string>): void {
  const length = headers.get('content-length');
  const encoding = headers.get('transfer-encoding');
  if (length !== undefined && !CONTENT_LENGTH.test(length)) throw new HeadError(400, 'content-length is no number');
  if (encoding === undefined) return;
  if (length !== undefined) throw new HeadError(400, 'both content-length and transfer-encoding');
  if (encoding.toLowerCase() !== 'chunked' || version !== 'HTTP/1.1') {
    throw new HeadError(400, 'transfer-encoding that is not served');
  }
}

/** Removes spaces and tabs at both ends (RFC 9110 section 5.5); linear, unlike a regular expression. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
