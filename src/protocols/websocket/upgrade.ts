/**
 * The opening handshake of a WebSocket (RFC 6455, sections 1.3 and 4), both sides. Without extensions and subprotocols.
 * @module
 */
import { createHash } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { type Header, responseHead } from '../http/head-writer.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { ResponseHead } from '../http/response-head-reader.ts';

const VERSION = '13';
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Sixteen bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** What a client asks for. */
export interface UpgradeRequest {
  /** With the port unless it is the scheme's own. */
  readonly host: string;
  /** Begins with `/`. */
  readonly path: string;
  /** Sixteen random bytes, base64, new for each connection. */
  readonly key: string;
}

/** The bytes of the client's request. */
export function upgradeRequest({ host, path, key }: UpgradeRequest): Buffer {
  return responseHead(`GET ${path} HTTP/1.1`, [
    ['Host', host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', VERSION],
  ]);
}

/** What shows the client that its key was read. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + KEY_SUFFIX)
    .digest('base64');
}

/** The server's answer to a request. */
export interface UpgradeAnswer {
  /** Why it is refused, in words; undefined: it is accepted. */
  readonly refusal: string | undefined;
  /** To be sent; after a refusal the connection is closed. */
  readonly bytes: Buffer;
}

/** Judges a request as a server (RFC 6455, section 4.2.1). */
export function answerUpgrade(head: RequestHead): UpgradeAnswer {
  const key = head.headers.get('sec-websocket-key') ?? '';
  const refusal = refusalOf(head, key);
  if (refusal !== undefined) return { refusal, bytes: refusalBytes(refusal) };
  const headers: Header[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptOf(key)],
  ];
  return { refusal: undefined, bytes: responseHead('HTTP/1.1 101 Switching Protocols', headers) };
}

function refusalOf({ method, version, headers }: RequestHead, key: string): string | undefined {
  if (method !== 'GET' || version !== 'HTTP/1.1') return 'not a GET of HTTP/1.1';
  if (!hasToken(headers.get('upgrade'), 'websocket')) return 'no upgrade to a WebSocket';
  if (!hasToken(headers.get('connection'), 'upgrade')) return 'no upgrade of the connection';
  if (headers.has('content-length') || headers.has('transfer-encoding')) return 'a WebSocket request with a body';
  if (headers.get('sec-websocket-version') !== VERSION) return `not version ${VERSION} of WebSocket`;
  return KEY.test(key) ? undefined : 'a WebSocket key that is none';
}

/** 426 with what is spoken here (RFC 9110, section 15.5.22; RFC 6455, section 4.4). */
function refusalBytes(refusal: string): Buffer {
  const text = `${refusal}\n`;
  const head = responseHead('HTTP/1.1 426 Upgrade Required', [
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', VERSION],
    ['Connection', 'Upgrade, close'],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(text.length)],
  ]);
  return Buffer.concat([head, Buffer.from(text)]);
}

/** Judges the server's answer as the client that sent `key` (RFC 6455, section 4.1). Throws ProtocolViolation, in words. */
export function checkUpgradeAnswer({ status, headers }: ResponseHead, key: string): void {
  if (status !== 101) throw new ProtocolViolation(`it answered ${status}, not as a WebSocket`);
  const isUpgrade = hasToken(headers.get('upgrade'), 'websocket') && hasToken(headers.get('connection'), 'upgrade');
  if (!isUpgrade) throw new ProtocolViolation('it went over to another protocol than WebSocket');
  if (headers.get('sec-websocket-accept') !== acceptOf(key)) {
    throw new ProtocolViolation('its answer as a WebSocket is to another request');
  }
  if (headers.has('sec-websocket-extensions') || headers.has('sec-websocket-protocol')) {
    throw new ProtocolViolation('it wants a WebSocket extension that was not offered');
  }
}

function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? '').split(',').some((each) => each.trim().toLowerCase() === token);
}
