/**
 * A file as an answer that is streamed: parts of it (RFC 9110 section 14), and nothing of it in memory.
 * @module
 */

import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { type Answer, text } from './route.ts';

/** A file that is open; the answer closes it. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** How a file is sent. */
export interface DownloadOptions {
  readonly contentType: string;
  /** Under which name a browser saves it. */
  readonly fileName: string;
  /** The headers `range` and `if-range` of the request. */
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly isHead: boolean;
  readonly clock: Clock;
}

/** A client that takes nothing for so long is cut off. */
const MAX_STALL_MS = 30_000;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/** First and last byte. */
export type ByteRange = readonly [first: number, last: number];

/**
 * The part that a `Range` header asks for; undefined: all, as for several parts or another unit (RFC 9110 14.2 allows
 * it); `none`: there is no such part.
 */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | 'none' | undefined {
  const match = RANGE.exec(header?.replaceAll(' ', '') ?? '');
  if (!match) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return undefined;
  if (from === '') return Number(to) === 0 || bytes === 0 ? 'none' : [Math.max(0, bytes - Number(to)), bytes - 1];
  if (to !== '' && Number(to) < Number(from)) return undefined;
  if (Number(from) >= bytes) return 'none';
  return [Number(from), to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)];
}

/** Answers with a file, or the part of it that is asked for. */
export async function download({ handle, bytes, modifiedMs }: OpenFile, options: DownloadOptions): Promise<Answer> {
  const { contentType, fileName, range, ifRange, isHead, clock } = options;
  const tag = `"${bytes.toString(36)}-${Math.round(modifiedMs).toString(36)}"`;
  const part = ifRange === undefined || ifRange === tag ? rangeOf(range, bytes) : undefined;
  if (part === 'none' || isHead) await handle.close();
  if (part === 'none') {
    return { ...text('There is no such part\r\n', 416), headers: { 'Content-Range': `bytes */${bytes}` } };
  }
  const [first, last] = part ?? [0, bytes - 1];
  const headers = {
    'Content-Length': String(last - first + 1),
    'Accept-Ranges': 'bytes',
    ETag: tag,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeName(fileName)}`,
    ...(part ? { 'Content-Range': `bytes ${first}-${last}/${bytes}` } : {}),
  };
  const answer = { status: part ? 206 : 200, contentType, body: '', headers };
  return isHead ? answer : { ...answer, stream: (response) => pour(handle, { first, last, response, clock }) };
}

/** RFC 8187: what `encodeURIComponent` leaves and that grammar does not take is escaped too. */
function encodeName(name: string): string {
  return encodeURIComponent(name.replace(LONE_SURROGATES, '_')).replace(
    /['()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function pour(
  handle: FileHandle,
  { first, last, response, clock }: { first: number; last: number; response: ServerResponse; clock: Clock },
): void {
  // Nobody waits for it any more, or there is nothing in it.
  if (response.destroyed || last < first) {
    response.end();
    void handle.close();
    return;
  }
  const source = handle.createReadStream({ start: first, end: last });
  let seen = 0;
  const watch = clock.every(MAX_STALL_MS, () => {
    if (source.bytesRead === seen) response.destroy();
    seen = source.bytesRead;
  });
  response.on('close', () => {
    watch.cancel();
    source.destroy();
  });
  // Shorter than it was said to be, or unreadable: the client sees that the end is missing.
  source.on('error', () => response.destroy());
  source.pipe(response);
}
