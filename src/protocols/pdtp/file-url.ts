/**
 * The URLs of files inside messages. The original matches them as text; here scheme, port and query count for nothing,
 * so that both sides of a transfer may spell them differently. Each side is answered with the text that it used.
 * @module
 */
import { MAX_URL_CHARACTERS } from './message-fields.ts';
import { decodeEscapes } from './pdtp-url.ts';

/** What a URL in a message names. */
export interface FileUrl {
  /** In lower case, without port; empty when the URL has none. */
  readonly host: string;
  /**
   * Paths to look for, in this order: the text as it stands, then percent-decoded when that differs. Both begin with
   * `/` and stay inside a root: no empty part, `.`, `..`, backslash or control character.
   */
  readonly paths: readonly string[];
}

const SCHEME_AND_HOST = /^[A-Za-z][A-Za-z0-9+.-]{0,31}:\/\/(\[[^\]/]{0,64}\]|[^:/?#]{0,255})(?::\d{0,5})?(?=[/?#]|$)/;
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\\]|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/;

/** Reads the URL of a message; undefined when it leads to no file inside a root. */
export function parseFileUrl(url: string): FileUrl | undefined {
  if (url.length > MAX_URL_CHARACTERS) return undefined;
  const match = SCHEME_AND_HOST.exec(url);
  const rest = match ? url.slice(match[0].length) : url;
  const path = rest.split(/[?#]/, 1)[0]!;
  if (!isInside(path)) return undefined;
  const decoded = decodeEscapes(path);
  const paths = decoded !== undefined && decoded !== path && isInside(decoded) ? [path, decoded] : [path];
  return { host: (match?.[1] ?? '').toLowerCase(), paths };
}

function isInside(path: string): boolean {
  return path.startsWith('/') && path.length > 1 && !path.endsWith('/') && !UNSAFE.test(path);
}
