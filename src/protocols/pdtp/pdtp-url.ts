/**
 * URLs for people: `pdtp://host:port/path`, and the URL text under which the messages of that connection name the file.
 * @module
 */
import { cleanText } from '../../core/text.ts';
import { isPeerHost } from './address-text.ts';
import { MAX_URL_CHARACTERS } from './message-fields.ts';

/** The port of a server. */
export const DEFAULT_PDTP_PORT = 6086;

/** A `pdtp:` URL, taken apart. */
export interface PdtpUrl {
  /** Name or address, an IPv6 address without brackets; spelled as it was written. */
  readonly host: string;
  readonly port: number;
  /** Begins with `/`, with the query, spelled as it was written. */
  readonly path: string;
  /** What the messages call the file: `http://host/path`, without port. */
  readonly fileUrl: string;
}

const PDTP_URL = /^pdtp:\/\/(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?(\/[^#]*)(?:#.*)?$/i;
const CONTROLS = /[\u0000-\u001f\u007f]/;
const FORBIDDEN_IN_NAMES = /[/\\:*?"<>|]/g;
const MAX_FILE_NAME_BYTES = 200;

/** Reads a `pdtp:` URL; undefined when it is none, names no file or is longer than a message can carry. */
export function parsePdtpUrl(text: string): PdtpUrl | undefined {
  if (text.length > MAX_URL_CHARACTERS || CONTROLS.test(text)) return undefined;
  const match = PDTP_URL.exec(text);
  if (!match) return undefined;
  const written = match[1]!;
  const host = written.startsWith('[') ? written.slice(1, -1) : written;
  const port = match[2] === undefined ? DEFAULT_PDTP_PORT : Number(match[2]);
  const path = match[3]!;
  if (!isPeerHost(host) || port < 1 || port > 65_535 || path === '/') return undefined;
  return { host, port, path, fileUrl: `http://${written}${path}` };
}

/**
 * A name under which a downloaded file may be kept: the last part of the path, percent-decoded, without the characters
 * that a file system or shell gives a meaning, never hidden. Undefined when nothing is left.
 */
export function fileNameOf(path: string): string | undefined {
  const withoutQuery = path.split('?', 1)[0]!;
  const last = withoutQuery.slice(withoutQuery.lastIndexOf('/') + 1);
  const name = cleanText(decodeEscapes(last) ?? last, MAX_FILE_NAME_BYTES)
    .replace(FORBIDDEN_IN_NAMES, '_')
    .replace(/^[.\s-]{1,200}/, '');
  return boundBytes(name).replace(/[.\s]{1,200}$/, '') || undefined;
}

function boundBytes(text: string): string {
  let bounded = text;
  while (Buffer.byteLength(bounded) > MAX_FILE_NAME_BYTES) bounded = [...bounded].slice(0, -1).join('');
  return bounded;
}

/** The text percent-decoded once, as UTF-8; undefined when that cannot be. */
export function decodeEscapes(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
