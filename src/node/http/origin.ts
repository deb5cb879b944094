/**
 * Under which name a client reached the node, and whether that name may be believed.
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

const AUTHORITY = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?$/;

/** Host and port of a `Host` header; undefined when it is missing or no authority (RFC 3986 section 3.2). */
function parseHost(header: string | undefined): { host: string; port: string | undefined } | undefined {
  const match = AUTHORITY.exec(header ?? '');
  if (!match || Number(match[2] ?? 0) > 65535) return undefined;
  return { host: match[1]!.toLowerCase(), port: match[2] };
}

/** `http://host:port` as the client wrote it, else with the address that it reached. */
export function baseUrlOf(request: IncomingMessage, secure: boolean): string {
  const scheme = secure ? 'https' : 'http';
  const named = parseHost(request.headers.host);
  if (named) {
    try {
      return new URL(`${scheme}://${named.host}${named.port === undefined ? '' : `:${named.port}`}`).origin;
    } catch {
      // A name such as `1.2.3.999`, which no URL can hold.
    }
  }
  const { localPort = 80 } = request.socket;
  // no URL can hold the zone of a link-local address
  const localAddress = (request.socket.localAddress ?? '127.0.0.1').replace(/%.*$/s, '');
  return `${scheme}://${isIP(localAddress) === 6 ? `[${localAddress}]` : localAddress}:${localPort}`;
}

/**
 * True when a request from this machine names the node as this machine is named. A page of another site that
 * had its own name pointed at 127.0.0.1 (DNS rebinding) does not.
 */
export function namesThisMachine(hostHeader: string | undefined): boolean {
  const host = parseHost(hostHeader)?.host;
  if (host === undefined) return false;
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return true;
  const name = hostname().toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || host === name || host === `${name}.local`;
}

/** True when a browser says that a page of another site made it send this request. */
export function isCrossSite(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** True when the request was passed on by a proxy. */
export function wasForwarded(request: IncomingMessage): boolean {
  const { headers } = request;
  return ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
}

/** True when a page of another site sent a request that changes something; a browser tells so by one of two headers. */
export function isForeign(request: IncomingMessage): boolean {
  if (isCrossSite(request)) return true;
  const { origin } = request.headers;
  if (origin === undefined || request.headers['sec-fetch-site'] !== undefined) return false;
  return !isOwnOrigin(origin, request);
}

/** True when a browser says that a page of this very node sent the request. */
export function isSameOrigin(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin } = request.headers;
  return origin !== undefined && isOwnOrigin(origin, request);
}

/**
 * The name of an origin is that of the node. What a proxy calls itself is believed from anyone: a page of another site
 * cannot send that header without being asked first, and is refused then.
 */
function isOwnOrigin(origin: string, { headers }: IncomingMessage): boolean {
  const authority = /^https?:\/\/([^/]{1,300})$/i.exec(origin)?.[1]?.toLowerCase();
  const forwarded = String(headers['x-forwarded-host'] ?? '').toLowerCase();
  return authority !== undefined && (authority === headers.host?.toLowerCase() || authority === forwarded);
}

const PREFIX = /^(\/[A-Za-z0-9._~-]{1,64}){1,8}$/;

/** The path under which a reverse proxy shows this node, from `X-Forwarded-Prefix`; empty when there is none. */
export function pathPrefixOf({ headers }: IncomingMessage): string {
  const prefix = String(headers['x-forwarded-prefix'] ?? '').replace(/\/$/, '');
  return PREFIX.test(prefix) && !/\/\.{1,2}(\/|$)/.test(prefix) ? prefix : '';
}
