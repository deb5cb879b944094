import type { StreamFormat } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { type Header, responseHead } from '../../protocols/http/head-writer.ts';
import { stationHeaders } from '../../protocols/icy/station-headers.ts';
import { formatPosition, type StreamPosition } from './resume-point.ts';

/** Players that only understand `ICY 200 OK`. */
const ICY_STATUS_AGENTS = /shoutcastsource|windows-media-player|realmedia|blackberry/i;

/** Cross-origin rules under which any web page may play the stream and read its titles. */
export const CORS_HEADERS: readonly Header[] = [
  ['Access-Control-Allow-Origin', '*'],
  [
    'Access-Control-Expose-Headers',
    'Content-Range, Icy-Br, Icy-Description, Icy-Genre, Icy-MetaInt, Icy-Name, Icy-Pub, Icy-Url, X-Stream-Position',
  ],
];

const NO_CACHE: readonly Header[] = [
  ['Cache-Control', 'no-cache, no-store'],
  ['Expires', 'Mon, 26 Jul 1997 05:00:00 GMT'],
  ['Pragma', 'no-cache'],
];

/** What the head of a stream answer tells. */
export interface StreamHead {
  readonly agent: string;
  readonly format: StreamFormat | undefined;
  readonly station: StationInfo;
  readonly streamName: string;
  /** Set when metadata will be inside. */
  readonly metaint: number | undefined;
  /** Where the first byte lies, for players that go on there after a lost connection. */
  readonly position?: StreamPosition | undefined;
}

/** The head before the audio: HTTP/1.0 without a length, which every player understands. */
export function streamHead(head: StreamHead): Buffer {
  const { agent, format, station, streamName, metaint, position } = head;
  const status = ICY_STATUS_AGENTS.test(agent) ? 'ICY 200 OK' : 'HTTP/1.0 200 OK';
  return responseHead(status, [
    ['Server', 'distream'],
    ['Content-Type', format?.contentType ?? 'audio/mpeg'],
    ...stationHeaders({ name: streamName, ...station }),
    ...(metaint ? ([['icy-metaint', String(metaint)]] as const) : []),
    ...(position ? ([['X-Stream-Position', formatPosition(position)]] as const) : []),
    ...NO_CACHE,
    ...CORS_HEADERS,
    ['Connection', 'close'],
  ]);
}

/** Answer to Safari's probe `Range: bytes=0-1`: two bytes of the stream, after which it asks for the whole. */
export function rangeProbeAnswer(format: StreamFormat | undefined, firstBytes: Buffer): Buffer {
  const head = responseHead('HTTP/1.1 206 Partial Content', [
    ['Server', 'distream'],
    ['Content-Type', format?.contentType ?? 'audio/mpeg'],
    ['Content-Length', String(firstBytes.length)],
    ['Content-Range', 'bytes 0-1/*'],
    ['Accept-Ranges', 'none'],
    ...NO_CACHE,
    ...CORS_HEADERS,
    ['Connection', 'close'],
  ]);
  return Buffer.concat([head, firstBytes]);
}

/** A refusal with a short text; without its body as the answer to HEAD. */
export function refusalAnswer(status: string, text: string, withBody = true): Buffer {
  const body = Buffer.from(`${text}\n`);
  const head = responseHead(`HTTP/1.0 ${status}`, [
    ['Server', 'distream'],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ...CORS_HEADERS,
    ['Connection', 'close'],
  ]);
  return withBody ? Buffer.concat([head, body]) : head;
}
