import { HeadError } from './head-error.ts';

const MAX_PATH_CHARACTERS = 2048;
const MAX_QUERY_FIELDS = 200;
const ORIGIN = /^https?:\/\/[^/?#]*/i;
/** Nothing to decode: the common case. */
const PLAIN = /^[!-$&-~]*$/;
const ESCAPE = /^[0-9A-Fa-f]{2}$/;
const DOT_SEGMENT = /(^|\/)\.{1,2}(\/|$)/;

/** A request target, taken apart. */
export interface Target {
  /** Percent-decoded once; begins with `/`, holds no `//`, dot segment, backslash or control character. `*` for `OPTIONS *`. */
  readonly path: string;
  /** The text after `?`, as sent, for `parseQueryBytes`; empty when there is none. */
  readonly search: string;
  /** The same, decoded as UTF-8, where a wrong charset does no harm. */
  readonly query: URLSearchParams;
}

/** Takes a target apart and checks the path. Origin form, absolute form or `*`. Throws HeadError 400. */
export function splitTarget(target: string): Target {
  const local = target.replace(ORIGIN, '');
  const mark = local.indexOf('?');
  const search = mark < 0 ? '' : local.slice(mark + 1);
  const rawPath = (mark < 0 ? local : local.slice(0, mark)) || '/';
  const query = new URLSearchParams(Buffer.from(search, 'latin1').toString('utf8'));
  return { path: rawPath === '*' ? '*' : decodePath(rawPath), search, query };
}

function decodePath(rawPath: string): string {
  if (rawPath.length > MAX_PATH_CHARACTERS) throw new HeadError(400, 'path too long');
  const path = PLAIN.test(rawPath) ? rawPath : strictUtf8(unescapeBytes(rawPath, false));
  if (path === undefined) throw new HeadError(400, 'the path is not properly encoded');
  if (!path.startsWith('/')) throw new HeadError(400, 'the path must begin with /');
  if (/[\u0000-\u001f\u007f-\u009f\\]/.test(path)) throw new HeadError(400, 'forbidden character in the path');
  if (path.includes('//') || DOT_SEGMENT.test(path)) throw new HeadError(400, 'the path is not normal');
  return path;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function strictUtf8(bytes: Buffer | undefined): string | undefined {
  try {
    return bytes && utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Reads a query string or form body byte by byte, so that escapes in any charset (`%97` from old encoders) survive:
 * the values are for `decodeText`. A `%` that begins no escape stands for itself; the first value of a name wins;
 * at most 200 fields. `text` has one character per byte.
 */
export function parseQueryBytes(text: string): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (const field of text.split('&', MAX_QUERY_FIELDS)) {
    const equals = field.indexOf('=');
    const name = unescapeLoose(equals < 0 ? field : field.slice(0, equals)).toString('latin1');
    if (name !== '' && !fields.has(name)) fields.set(name, unescapeLoose(equals < 0 ? '' : field.slice(equals + 1)));
  }
  return fields;
}

function unescapeLoose(text: string): Buffer {
  return unescapeBytes(text.replaceAll('+', ' '), true)!;
}

/** Percent-decodes once; undefined when a `%` begins no escape and `loose` is false. */
function unescapeBytes(text: string, loose: boolean): Buffer | undefined {
  const bytes = Buffer.alloc(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const isEscape = text[at] === '%' && ESCAPE.test(text.slice(at + 1, at + 3));
    if (text[at] === '%' && !isEscape && !loose) return undefined;
    bytes[length++] = isEscape ? Number.parseInt(text.slice(at + 1, at + 3), 16) : text.charCodeAt(at) & 0xff;
    if (isEscape) at += 2;
  }
  return bytes.subarray(0, length);
}
