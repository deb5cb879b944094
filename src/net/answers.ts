/**
 * The answers that a front gives by itself.
 * @module
 */
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { type Header, responseHead } from '../protocols/http/head-writer.ts';

/** How long a refused client may take to read its answer. */
const LINGER_MS = 2000;

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
};

const ALLOWED_METHODS = 'GET, HEAD, PUT, OPTIONS, SOURCE';

/** A whole answer with a line of text, after which the connection closes. */
export function refusalAnswer(status: number, text: string, headers: readonly Header[] = []): Buffer {
  const body = Buffer.from(`${text}\r\n`, 'utf8');
  const head = responseHead(`HTTP/1.0 ${status} ${REASONS[status] ?? 'Error'}`, [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-cache, no-store'],
    ['Connection', 'close'],
    ['X-Content-Type-Options', 'nosniff'],
    ...headers,
  ]);
  return Buffer.concat([head, body]);
}

/** The answer to `OPTIONS *`: what the port can do; libshout asks. */
export function capabilitiesAnswer(keepAlive: boolean): Buffer {
  return responseHead('HTTP/1.1 200 OK', [
    ['Allow', ALLOWED_METHODS],
    ['Content-Length', '0'],
    ['Connection', keepAlive ? 'keep-alive' : 'close'],
  ]);
}

/** The answer to `OPTIONS` of a mount: what a page of another origin may ask (Fetch standard, CORS preflight). */
export function preflightAnswer(keepAlive: boolean): Buffer {
  return responseHead('HTTP/1.1 204 No Content', [
    ['Allow', ALLOWED_METHODS],
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS'],
    ['Access-Control-Allow-Headers', 'range, if-range, icy-metadata'],
    [
      'Access-Control-Expose-Headers',
      'content-range, icy-br, icy-description, icy-genre, icy-metaint, icy-name, icy-pub, icy-url',
    ],
    ['Access-Control-Max-Age', '300'],
    ['Connection', keepAlive ? 'keep-alive' : 'close'],
  ]);
}

/** The answer to GET or HEAD of a path that gives JSON. */
export function jsonAnswer(method: string, value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value ?? null), 'utf8');
  const head = responseHead('HTTP/1.0 200 OK', [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-cache, no-store'],
    ['Connection', 'close'],
    ['X-Content-Type-Options', 'nosniff'],
  ]);
  return method === 'HEAD' ? head : Buffer.concat([head, body]);
}

/**
 * Sends the last bytes and closes; what still comes is read away, so that the answer is not lost to a reset. A peer
 * that does not close its side is cut off after two seconds. Owns the socket from here on.
 */
export function answerAndClose(socket: Socket, answer: Buffer, clock: Clock): void {
  const timer = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.end(answer);
  socket.resume();
}
