import { cleanText } from '../../core/text.ts';
import { decodeTag, MAX_TAG_LENGTH, makeTags, type Tags } from './tags.ts';

const VORBIS_MAGIC = Buffer.from('\x03vorbis', 'latin1');
const OPUS_MAGIC = Buffer.from('OpusTags', 'latin1');
const FLAC_VORBIS_COMMENT = 4;
const MAX_COMMENTS = 10_000;
const MAX_VALUES = 4;

/**
 * Artist and title of the second packet of an Ogg Vorbis, Opus or FLAC stream (the comment
 * header with its magic or block header). Other packets and damaged ones give `{}` or what was
 * found before the damage. Several values of one name are joined by ", ".
 * Vorbis I section 5; RFC 7845 section 5.2; RFC 9639 section 8.6.
 */
export function parseVorbisComment(packet: Buffer): Tags {
  const start = blockStart(packet);
  return start === undefined ? {} : parseCommentBlock(packet.subarray(start));
}

/** The same for the bare comment block, which begins with the length of the vendor text. */
export function parseCommentBlock(block: Buffer): Tags {
  const artists: string[] = [];
  const titles: string[] = [];
  for (const comment of comments(block)) {
    const separator = comment.indexOf(0x3d);
    if (separator < 5 || separator > 6) continue;
    const name = comment.toString('latin1', 0, separator).toUpperCase();
    const values = name === 'ARTIST' ? artists : name === 'TITLE' ? titles : undefined;
    if (!values || values.length >= MAX_VALUES) continue;
    const text = decodeTag(comment.subarray(separator + 1));
    if (text !== '' && !values.includes(text)) values.push(text);
  }
  return makeTags(joined(artists), joined(titles));
}

function joined(values: string[]): string {
  return cleanText(values.join(', '), MAX_TAG_LENGTH);
}

function blockStart(packet: Buffer): number | undefined {
  if (startsWith(packet, VORBIS_MAGIC)) return VORBIS_MAGIC.length;
  if (startsWith(packet, OPUS_MAGIC)) return OPUS_MAGIC.length;
  // A FLAC metadata block: last-block flag and type in one byte, then 24 bits of length.
  if (packet.length >= 12 && (packet[0]! & 0x7f) === FLAC_VORBIS_COMMENT) return 4;
  return undefined;
}

function startsWith(packet: Buffer, magic: Buffer): boolean {
  return packet.length >= magic.length && packet.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/** The comments as views on the block; stops where a length leaves the block. */
function* comments(block: Buffer): Generator<Buffer> {
  if (block.length < 8) return;
  let offset = 4 + block.readUInt32LE(0);
  if (offset + 4 > block.length) return;
  const count = Math.min(block.readUInt32LE(offset), MAX_COMMENTS);
  offset += 4;
  for (let index = 0; index < count && offset + 4 <= block.length; index++) {
    const end = offset + 4 + block.readUInt32LE(offset);
    if (end > block.length) return;
    yield block.subarray(offset + 4, end);
    offset = end;
  }
}
