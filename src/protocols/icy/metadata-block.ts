/**
 * The ICY metadata block: a length byte that counts 16 bytes, then `StreamTitle='...';StreamUrl='...';`
 * padded with NUL. A text ends at `';`, so that a quote inside is legal.
 * @module
 */
import { cleanText, decodeText } from '../../core/text.ts';

const UNIT_BYTES = 16;
/** Bytes of text that the length byte can announce. */
export const MAX_METADATA_BYTES = 255 * UNIT_BYTES;

/** What a block says; a missing field was not in it. Text is cleaned. */
export interface IcyMetadata {
  readonly title?: string;
  readonly url?: string;
}

/** The block that says that nothing changed. */
export const UNCHANGED_BLOCK: Buffer = Buffer.from([0]);

/**
 * Encodes a block with its length byte, in UTF-8. A link that does not fit is left out, a title that does not fit is
 * cut between characters; `';` inside a text is changed, so that no title can add a field.
 */
export function encodeMetadataBlock(metadata: IcyMetadata): Buffer {
  const title = field('StreamTitle', metadata.title ?? '');
  const url = metadata.url ? field('StreamUrl', metadata.url) : Buffer.alloc(0);
  const text = title.length + url.length <= MAX_METADATA_BYTES ? Buffer.concat([title, url]) : title;
  const units = Math.ceil(text.length / UNIT_BYTES);
  const block = Buffer.alloc(1 + units * UNIT_BYTES);
  block[0] = units;
  text.copy(block, 1);
  return block;
}

function field(name: string, value: string): Buffer {
  const safe = cleanText(value, MAX_METADATA_BYTES).replace(/'(?=;)/g, '\u2019');
  const room = MAX_METADATA_BYTES - name.length - `='';`.length;
  return Buffer.concat([Buffer.from(`${name}='`), cutUtf8(Buffer.from(safe, 'utf8'), room), Buffer.from(`';`)]);
}

/** The longest beginning of at most `maxBytes` that ends with a whole character. */
function cutUtf8(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/**
 * Decodes the text of a block (without its length byte). Takes what servers really send: any charset, quotes and `';`
 * inside a title, a missing end. `charset` as for `decodeText`.
 */
export function decodeMetadataBlock(text: Buffer, charset?: string): IcyMetadata {
  const line = text.toString('latin1', 0, Math.min(text.length, MAX_METADATA_BYTES));
  const title = findField(line, /StreamTitle='/i);
  const withoutTitle = title ? `${line.slice(0, title.begin)}${line.slice(title.end)}` : line;
  const url = findField(withoutTitle, /StreamUrl='/i);
  return {
    ...(title && { title: textOf(title.raw, charset) }),
    ...(url && { url: textOf(url.raw, charset) }),
  };
}

function textOf(raw: string, charset: string | undefined): string {
  return cleanText(decodeText(Buffer.from(raw, 'latin1'), charset), MAX_METADATA_BYTES);
}

function findField(line: string, opening: RegExp): { raw: string; begin: number; end: number } | undefined {
  const match = opening.exec(line);
  if (!match) return undefined;
  const start = match.index + match[0].length;
  const end = endOfField(line, start);
  return { raw: line.slice(start, end), begin: match.index, end };
}

/** The `';` that is followed by the end or by another field; else the first `';`; else where the padding begins. */
function endOfField(line: string, start: number): number {
  const first = line.indexOf(`';`, start);
  for (let end = first; end >= 0; end = line.indexOf(`';`, end + 2)) {
    if (/^[\0\s]*(?:$|\w{1,32}=')/.test(line.slice(end + 2, end + 80))) return end;
  }
  if (first >= 0) return first;
  const padding = line.indexOf('\0', start);
  const end = padding < 0 ? line.length : padding;
  return line[end - 1] === "'" && end > start ? end - 1 : end;
}
