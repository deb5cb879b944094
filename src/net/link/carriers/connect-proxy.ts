/**
 * Through an HTTP proxy (RFC 9110, section 9.3.6).
 * @module
 */
import type { Socket } from 'node:net';
import { DistreamError } from '../../../core/errors.ts';
import { type Header, responseHead } from '../../../protocols/http/head-writer.ts';
import { headerText } from '../../../protocols/http/header-text.ts';
import { readAnswer } from './read-answer.ts';

const HTTP_PORT = 80;
const MAX_REASON_CHARACTERS = 80;

/** An HTTP proxy. */
export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; undefined: none. A secret. */
  readonly authorization: string | undefined;
  /** For people; without the password. */
  readonly display: string;
}

/** Reads `http://user:password@host:port`. Throws UNREACHABLE, without the password, when it is no such address. */
export function parseProxy(text: string): ProxyAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' || url.hostname === '') {
    throw new DistreamError('UNREACHABLE', { url: 'the proxy', reason: 'its address must be http://host:port' });
  }
  const { hostname, username, password } = url;
  const port = url.port === '' ? HTTP_PORT : Number(url.port);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    authorization: username === '' && password === '' ? undefined : basic(decode(username), decode(password)),
    display: `http://${hostname}:${port}`,
  };
}

/** RFC 7617. */
function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/** A percent sign that escapes nothing stays one. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Asks the proxy at the other end of `socket` for a connection to `target` (`host:port`); after that the socket leads
 * there. Rejects with REFUSED or UNREACHABLE, or with what the socket failed with.
 */
export async function openTunnel(socket: Socket, proxy: ProxyAddress, target: string): Promise<void> {
  const headers: Header[] = [['Host', target]];
  if (proxy.authorization !== undefined) headers.push(['Proxy-Authorization', proxy.authorization]);
  socket.write(responseHead(`CONNECT ${target} HTTP/1.1`, headers));
  const { status, reason } = await readAnswer(socket);
  if (status >= 200 && status < 300) return;
  if (status === 407) {
    const words = proxy.authorization === undefined ? 'it wants a user and a password' : 'wrong user or password';
    throw new DistreamError('REFUSED', { url: `the proxy ${proxy.display}`, reason: `${words} (407)` });
  }
  const words = headerText(reason, MAX_REASON_CHARACTERS);
  throw new DistreamError('UNREACHABLE', {
    url: target,
    reason: `the proxy ${proxy.display} answered ${status}${words === undefined ? '' : ` ${words}`}`,
  });
}
