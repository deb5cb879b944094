const MAX_URL_CHARACTERS = 2048;
const MAX_SHOWN_CHARACTERS = 200;

/** The address of a stream, taken apart. */
export interface StreamUrl {
  readonly tls: boolean;
  /** A name or an address (IPv6 without brackets), lower case. */
  readonly host: string;
  readonly port: number;
  /** Without the query; begins with `/`. */
  readonly path: string;
  /** What is requested: path and query, ASCII. */
  readonly target: string;
  /** `Host` header: with brackets where needed and the port unless it is the default. */
  readonly authority: string;
  /** From `user:password@`, decoded. Never shown. */
  readonly credentials: Credentials | undefined;
  /** For people: without credentials and query, which may hold keys. */
  readonly display: string;
}

/** What is sent as `Authorization: Basic`. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Takes apart what the operator wrote: http, https, or icy (the same as http). Undefined when it is none of them. */
export function parseStreamUrl(text: string): StreamUrl | undefined {
  return streamUrl(text.trim().replace(/^icy:\/\//i, 'http://'), undefined);
}

/** Takes apart what a peer gave, relative to where it was found: http or https only. Undefined when it is neither. */
export function resolveStreamUrl(text: string, from: StreamUrl): StreamUrl | undefined {
  return streamUrl(text.trim(), `${from.tls ? 'https' : 'http'}://${from.authority}${from.target}`);
}

/** The same server with another request target. */
export function withTarget(url: StreamUrl, target: string): StreamUrl {
  return { ...url, path: target, target, display: shown(url.tls, url.authority, target) };
}

/** True when both lead to the same server by the same protocol, so that credentials for one are for the other. */
export function isSameServer(a: StreamUrl, b: StreamUrl): boolean {
  return a.tls === b.tls && a.host === b.host && a.port === b.port;
}

function streamUrl(text: string, base: string | undefined): StreamUrl | undefined {
  if (text.length > MAX_URL_CHARACTERS) return undefined;
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') return undefined;
  const tls = url.protocol === 'https:';
  const target = `${url.pathname}${url.search}`;
  if (target.length > MAX_URL_CHARACTERS) return undefined;
  return {
    tls,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    path: url.pathname,
    target,
    authority: url.host,
    credentials: credentialsOf(url),
    display: shown(tls, url.host, url.pathname),
  };
}

function credentialsOf({ username, password }: URL): Credentials | undefined {
  if (username === '' && password === '') return undefined;
  return { user: decodeOrKeep(username), password: decodeOrKeep(password) };
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shown(tls: boolean, authority: string, path: string): string {
  return `${tls ? 'https' : 'http'}://${authority}${path}`.slice(0, MAX_SHOWN_CHARACTERS);
}
