/**
 * What one peer asks of another: HTTP/1.1 with a `Range` and the asker's id, one request a connection. The head itself
 * is read by `../http/head-reader.ts`.
 * @module
 */
import type { RequestHead } from '../http/request-head.ts';
import { type ByteRange, rangeLength } from './byte-range.ts';
import { MAX_CLIENT_ID_BYTES, MAX_URL_CHARACTERS } from './message-fields.ts';

/** A request that can be answered, once the server has authorized it. */
export interface PeerRequest {
  readonly method: 'GET' | 'PUT';
  /** `http://<Host><target>`, as the giver tells it to the server. */
  readonly url: string;
  readonly range: ByteRange;
  /** The id that the caller gives. */
  readonly peerId: string;
}

/** A request that is answered at once. */
export interface PeerRefusal {
  readonly status: 400 | 405;
  readonly reason: string;
}

/** What a request is made of. */
export interface PeerRequestOptions {
  readonly method: 'GET' | 'PUT';
  /** The URL of the order. */
  readonly url: string;
  readonly range: ByteRange;
  /** The asker's own id. */
  readonly peerId: string;
}

const RANGE = /^bytes=(\d{1,15})-(\d{1,15})$/;
const HOST = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?$/;
const ORDERED_URL =
  /^http:\/\/(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?(\/[^\u0000-\u001f\u007f]*)$/i;
const CONTROLS = /[\u0000-\u001f\u007f]/;
const NOT_IN_A_TARGET = /[^!-~]+/gu;

/**
 * The head of a request; blanks and letters beyond ASCII in the path are percent-encoded, which an original giver does
 * not undo. Undefined when it cannot be made: the URL is no `http:` URL, or it or the id has control characters.
 */
export function encodePeerRequest({ method, url, range, peerId }: PeerRequestOptions): Buffer | undefined {
  const match = ORDERED_URL.exec(url);
  if (!match || CONTROLS.test(peerId)) return undefined;
  const lines = [
    `${method} ${match[2]!.replace(NOT_IN_A_TARGET, escapeText)} HTTP/1.1`,
    `Host: ${match[1]}`,
    `Range: bytes=${range.min}-${range.max}`,
    `X-PDTP-Peer-Id: ${peerId}`,
    'Connection: close',
  ];
  if (method === 'PUT') lines.push(`Content-Length: ${rangeLength(range)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/**
 * Reads a request head of a peer; names of headers are compared without case. What it gives fits into an `ask_verify`:
 * a server ends the giver's connection over a question that does not.
 */
export function readPeerRequest({ method, target, headers }: RequestHead): PeerRequest | PeerRefusal {
  if (method !== 'GET' && method !== 'PUT') return { status: 405, reason: 'Invalid method' };
  const host = headers.get('host') ?? '';
  const range = parseRangeHeader(headers.get('range'));
  // The head has one character per byte; ids and paths are UTF-8.
  const peerId = utf8Of(headers.get('x-pdtp-peer-id') ?? '');
  const url = `http://${host}${utf8Of(target)}`;
  if (!HOST.test(host)) return { status: 400, reason: 'Missing Host header' };
  if (!target.startsWith('/') || url.length > MAX_URL_CHARACTERS) return { status: 400, reason: 'Invalid target' };
  if (!range) return { status: 400, reason: 'Missing Range header' };
  if (!headers.has('x-pdtp-peer-id') || CONTROLS.test(peerId) || Buffer.byteLength(peerId) > MAX_CLIENT_ID_BYTES) {
    return { status: 400, reason: 'Missing X-PDTP-Peer-Id header' };
  }
  if (method === 'PUT' && headers.get('content-length') !== String(rangeLength(range))) {
    return { status: 400, reason: 'Content-Length does not fit the range' };
  }
  return { method, url, range, peerId };
}

/** Reads `bytes=min-max`: one range with both bounds in order; undefined for all else. */
export function parseRangeHeader(value: string | undefined): ByteRange | undefined {
  const match = value === undefined ? null : RANGE.exec(value);
  if (!match) return undefined;
  const min = Number(match[1]);
  const max = Number(match[2]);
  return min <= max ? { min, max } : undefined;
}

function escapeText(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function utf8Of(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
