import { ProtocolViolation } from '../../core/errors.ts';
import { responseHead } from '../http/head-writer.ts';
import { type ResponseHead, ResponseHeadReader } from '../http/response-head-reader.ts';
import { type ByteRange, rangeLength } from './byte-range.ts';

/** Why a peer is not given what it asks for. */
export type PeerRefusalStatus = 400 | 403 | 404 | 405 | 416 | 500 | 503;

const STATUS_LINES: Readonly<Record<PeerRefusalStatus, string>> = {
  400: '400 Bad Request',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  416: '416 Requested Range Not Satisfiable',
  500: '500 Internal Server Error',
  503: '503 Service Unavailable',
};

/**
 * The head before the bytes of a range, with the headers of the original in its order.
 * @param date the time as an HTTP date (RFC 9110 section 5.6.7); left out without it
 */
export function encodePartialContent(range: ByteRange, date?: string): Buffer {
  return responseHead('HTTP/1.1 206 Partial Content', [
    ['Connection', 'close'],
    ...dateHeader(date),
    ['Content-Type', 'application/octet-stream'],
    ['Content-Range', `bytes ${range.min}-${range.max}/*`],
    ['Content-Length', String(rangeLength(range))],
  ]);
}

/** The whole answer to a PUT that was taken. */
export function encodePutTaken(date?: string): Buffer {
  return responseHead('HTTP/1.1 200 OK', [['Connection', 'close'], ...dateHeader(date), ['Content-Length', '0']]);
}

/** The whole answer of a refusal; `reason` is for people and never tells what the caller sent. */
export function encodeRefusal(status: PeerRefusalStatus, reason: string, date?: string): Buffer {
  const body = Buffer.from(`${reason}\n`);
  const head = responseHead(`HTTP/1.1 ${STATUS_LINES[status]}`, [
    ['Connection', 'close'],
    ...dateHeader(date),
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
  ]);
  return Buffer.concat([head, body]);
}

function dateHeader(date: string | undefined): [string, string][] {
  return date === undefined ? [] : [['Date', date]];
}

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(?:\*|\d{1,15})$/;
const CONTENT_LENGTH = /^\d{1,15}$/;

/** The peer answered, but not with the bytes. */
export class PeerRefused extends ProtocolViolation {
  readonly status: number;

  constructor(status: number) {
    super(`the peer answered ${status}`);
    this.name = 'PeerRefused';
    this.status = status;
  }
}

/**
 * Takes the bytes of one range out of a peer's answer, fed in any portions. Only 206 with the very range that was asked
 * for is taken; what is encoded in any way is refused. Holds nothing of the bytes.
 */
export class PeerResponseReader {
  readonly #range: ByteRange;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #head = new ResponseHeadReader();
  #isInBody = false;
  #missing: number;

  /** `onBytes` is called with the bytes in order, views on the portions; never with an empty one. */
  constructor(range: ByteRange, onBytes: (bytes: Buffer) => void) {
    this.#range = range;
    this.#onBytes = onBytes;
    this.#missing = rangeLength(range);
  }

  /** Bytes of the range that are still to come; 0 when it is whole. */
  get missingBytes(): number {
    return this.#missing;
  }

  /**
   * Takes the next bytes; true when the range is whole. Throws PeerRefused for another status and ProtocolViolation for
   * what is no proper answer; not to be used after any of these.
   */
  push(portion: Buffer): boolean {
    if (this.#isInBody) return this.#takeBody(portion);
    const head = this.#head.push(portion);
    if (!head) return false;
    this.#check(head);
    this.#isInBody = true;
    return this.#takeBody(head.rest);
  }

  #takeBody(portion: Buffer): boolean {
    if (portion.length > this.#missing) throw new ProtocolViolation('the answer is longer than the range');
    this.#missing -= portion.length;
    if (portion.length > 0) this.#onBytes(portion);
    return this.#missing === 0;
  }

  #check({ status, headers }: ResponseHead): void {
    if (status !== 206) throw new PeerRefused(status);
    if (headers.has('transfer-encoding') || (headers.get('content-encoding') ?? 'identity') !== 'identity') {
      throw new ProtocolViolation('the answer is encoded');
    }
    const match = CONTENT_RANGE.exec(headers.get('content-range') ?? '');
    if (!match || Number(match[1]) !== this.#range.min || Number(match[2]) !== this.#range.max) {
      throw new ProtocolViolation('the answer is of another range');
    }
    const length = headers.get('content-length');
    if (length !== undefined && (!CONTENT_LENGTH.test(length) || Number(length) !== this.#missing)) {
      throw new ProtocolViolation('the length of the answer is not that of the range');
    }
  }
}
