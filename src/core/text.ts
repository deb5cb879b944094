/**
 * Text from strangers made fit for people: titles, names, agents.
 * Everything that is shown, logged or sent to a player goes through here once.
 * @module
 */

import { TextDecoder } from 'node:util';

/** Controls (C0, DEL, C1) and the Unicode line and paragraph separators: they stand between words. */
const SEPARATORS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Bidi overrides and isolates, zero-width characters, invisible operators, annotations. ZWJ and ZWNJ stay: scripts and emoji need them. */
const INVISIBLE = /[\u00ad\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]/g;

/** With the `u` flag a pair is one character, so only lone halves match. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** How many UTF-16 units are looked at for each code point that may be kept. */
const UNITS_READ_PER_CODE_POINT = 8;

/**
 * Makes one line of plain text: control characters and line separators become
 * a space; invisible formatting characters and lone surrogates go; runs of
 * white space become one space; the ends are trimmed. The work is bounded by
 * `maxLength`, however long the text.
 * @param maxLength the most code points that are kept; no character is split
 */
export function cleanText(text: string, maxLength = 1024): string {
  const line = text
    .slice(0, maxLength * UNITS_READ_PER_CODE_POINT)
    .replace(SEPARATORS, ' ')
    .replace(INVISIBLE, '')
    .replace(LONE_SURROGATES, '')
    .replace(/\s+/g, ' ')
    .trim();
  return boundCodePoints(line, maxLength).trimEnd();
}

function boundCodePoints(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let end = 0;
  for (let count = 0; count < maxLength && end < text.length; count++) {
    end += text.codePointAt(end)! > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Text of bytes whose character set is often not told: the named `charset`
 * when the platform knows it, else UTF-8 when the bytes are valid UTF-8, else
 * Windows-1252, which gives every byte a character. The result is not cleaned;
 * see `cleanText`.
 * @param charset a label of the WHATWG Encoding standard, e.g. `iso-8859-1`
 */
export function decodeText(bytes: Buffer, charset?: string): string {
  const decoder = charset === undefined ? undefined : decoderOf(charset);
  if (decoder?.encoding === 'windows-1252') return decodeWindows1252(bytes);
  if (decoder) return decoder.decode(bytes);
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return decodeWindows1252(bytes);
  }
}

function decoderOf(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}

/** Windows-1252 for the bytes 0x80 to 0x9F (WHATWG Encoding, index windows-1252). */
const WINDOWS_1252_HIGH =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/** Node's own decoder reads 0x80 to 0x9F as Latin-1 on some versions, so the table is here. */
function decodeWindows1252(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[\u0080-\u009f]/g, (c) => WINDOWS_1252_HIGH.charAt(c.charCodeAt(0) - 0x80));
}
