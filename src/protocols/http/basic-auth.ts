import { decodeText } from '../../core/text.ts';

const BASIC = /^basic +([A-Za-z0-9+/]{1,4096}={0,2})$/i;

/** What a client gives as its name and password. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Reads `Authorization: Basic` (RFC 7617); undefined when it is missing, another scheme or malformed.
 * UTF-8, or CP1252 where the bytes are not UTF-8.
 */
export function parseBasicAuth(header: string | undefined): Credentials | undefined {
  const match = BASIC.exec(header ?? '');
  if (!match) return undefined;
  const text = decodeText(Buffer.from(match[1]!, 'base64'));
  const colon = text.indexOf(':');
  if (colon < 0 || /[\u0000-\u001f\u007f]/.test(text)) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
