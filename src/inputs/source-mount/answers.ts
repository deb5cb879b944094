import { type Header, responseHead } from '../../protocols/http/head-writer.ts';

/** What libshout needs to see in order to choose PUT. */
const ALLOW: Header = ['Allow', 'GET, HEAD, PUT, OPTIONS, SOURCE'];

/** Goes out before the 200 to a source that sent `Expect: 100-continue`. */
export const CONTINUE: Buffer = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/** The source may send. */
export function accepted(version: string): Buffer {
  return responseHead(`${version === 'HTTP/1.1' ? 'HTTP/1.1' : 'HTTP/1.0'} 200 OK`, [
    ['Server', 'distream'],
    ALLOW,
    ['Connection', 'close'],
    ['Cache-Control', 'no-cache'],
  ]);
}

/** A complete answer with a short text; `keepAlive` when the connection waits for another request. */
export function refusal(version: string, status: string, text: string, keepAlive: boolean): Buffer {
  const body = Buffer.from(`${text}\n`);
  const challenge: Header[] = status.startsWith('401') ? [['WWW-Authenticate', 'Basic realm="distream"']] : [];
  const head = responseHead(`${version === 'HTTP/1.1' ? 'HTTP/1.1' : 'HTTP/1.0'} ${status}`, [
    ['Server', 'distream'],
    ...challenge,
    ALLOW,
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Connection', keepAlive ? 'Keep-Alive' : 'close'],
  ]);
  return Buffer.concat([head, body]);
}
