/**
 * ID3 tags of MP3 and ADTS files: ID3v1 at the end, ID3v2.2 to 2.4 at the start.
 * Sources: id3.org, "ID3v2.2.0", "ID3v2.3.0", "ID3v2.4.0 structure and frames".
 * @module
 */
import { cleanText } from '../../core/text.ts';
import { decodeTag, MAX_TAG_LENGTH, makeTags, type Tags } from './tags.ts';

const HEADER_BYTES = 10;
const MAX_FRAMES = 1000;

const TAG_UNSYNCHRONISED = 0x80;
const TAG_EXTENDED_HEADER = 0x40; // in 2.2 the same bit means a compression that was never defined
const TAG_FOOTER = 0x10;

/** Length in bytes of an ID3v1 tag; it ends the file. */
export const ID3V1_BYTES = 128;

/** The tag in the last 128 bytes of a file; undefined when there is none or it has no text. */
export function parseId3v1(end: Buffer): Tags | undefined {
  if (end.length < ID3V1_BYTES) return undefined;
  const tag = end.subarray(end.length - ID3V1_BYTES);
  if (tag.toString('latin1', 0, 3) !== 'TAG') return undefined;
  const title = decodeTag(untilNul(tag.subarray(3, 33)));
  const artist = decodeTag(untilNul(tag.subarray(33, 63)));
  return title || artist ? makeTags(artist, title) : undefined;
}

/**
 * Bytes that the ID3v2 tag at the start of `head` takes, header and footer included; 0 when there
 * is none. The tag claims it: the caller compares it with the file's length.
 */
export function id3v2Length(head: Buffer): number {
  if (head.length < HEADER_BYTES || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const major = head[3]!;
  const size = synchsafe(head, 6);
  if (major < 2 || major > 4 || head[4] === 0xff || size === undefined) return 0;
  const footer = major === 4 && (head[5]! & TAG_FOOTER) !== 0 ? HEADER_BYTES : 0;
  return HEADER_BYTES + size + footer;
}

/** Artist and title of the ID3v2 tag at the start of `head`, which may hold only the tag's first part; undefined without text. */
export function parseId3v2(head: Buffer): Tags | undefined {
  const length = id3v2Length(head);
  if (length === 0) return undefined;
  const major = head[3]!;
  const flags = head[5]!;
  if (major === 2 && (flags & TAG_EXTENDED_HEADER) !== 0) return undefined;
  let body = head.subarray(HEADER_BYTES, length);
  // In 2.4 each frame tells for itself whether it is unsynchronised.
  if (major < 4 && (flags & TAG_UNSYNCHRONISED) !== 0) body = resynchronise(body);
  if ((flags & TAG_EXTENDED_HEADER) !== 0) body = body.subarray(extendedHeaderBytes(body, major));
  return tagsOfFrames(body, major, (flags & TAG_UNSYNCHRONISED) !== 0);
}

function tagsOfFrames(body: Buffer, major: number, unsynchronised: boolean): Tags | undefined {
  let artist: string | undefined;
  let title: string | undefined;
  for (const frame of frames(body, major)) {
    if (frame.id === 'TIT2' || frame.id === 'TT2') title ||= textOf(frame, major, unsynchronised, ' ');
    else if (frame.id === 'TPE1' || frame.id === 'TP1') artist ||= textOf(frame, major, unsynchronised, ', ');
    if (artist && title) break;
  }
  return artist || title ? makeTags(artist, title) : undefined;
}

interface TagFrame {
  readonly id: string;
  /** The second flag byte; 0 in version 2.2. */
  readonly format: number;
  readonly content: Buffer;
}

/** The frames that are whole in `body`, as views; ends at padding or at the first that makes no sense. */
function* frames(body: Buffer, major: number): Generator<TagFrame> {
  const idBytes = major === 2 ? 3 : 4;
  const headBytes = major === 2 ? 6 : 10;
  let offset = 0;
  for (let count = 0; count < MAX_FRAMES && offset + headBytes <= body.length; count++) {
    if (!isFrameId(body, offset, idBytes)) return;
    const size = frameSize(body, offset, major);
    const start = offset + headBytes;
    if (size > body.length - start) return;
    const content = body.subarray(start, start + size);
    const id = body.toString('latin1', offset, offset + idBytes);
    yield { id, format: major === 2 ? 0 : body[offset + 9]!, content };
    offset = start + size;
  }
}

function isFrameId(body: Buffer, offset: number, idBytes: number): boolean {
  if (offset + idBytes > body.length) return false;
  for (let index = offset; index < offset + idBytes; index++) {
    const byte = body[index]!;
    const isLetterOrDigit = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39);
    if (!isLetterOrDigit) return false;
  }
  return true;
}

function frameSize(body: Buffer, offset: number, major: number): number {
  if (major === 2) return body.readUIntBE(offset + 3, 3);
  const plain = body.readUInt32BE(offset + 4);
  if (major === 3) return plain;
  const safe = synchsafe(body, offset + 4);
  if (safe === undefined) return plain;
  // Old iTunes wrote plain sizes into 2.4 tags: the one that leads to a frame or to padding is meant.
  if (safe === plain || leadsOn(body, offset + 10 + safe)) return safe;
  return leadsOn(body, offset + 10 + plain) ? plain : safe;
}

function leadsOn(body: Buffer, offset: number): boolean {
  if (offset >= body.length) return offset === body.length;
  return body[offset] === 0 || isFrameId(body, offset, 4);
}

function textOf(frame: TagFrame, major: number, unsynchronised: boolean, separator: string): string | undefined {
  const content = plainContent(frame, major, unsynchronised);
  if (!content || content.length < 2) return undefined;
  const text = content.subarray(1);
  // Several values are separated by NUL (2.4); cleaning has made each NUL a space, so they are split before.
  const values = splitAtNul(text, content[0] === 1 || content[0] === 2 ? 2 : 1).map((value) =>
    decodeTag(value, charsetOf(content[0]!, text)),
  );
  return cleanText(values.filter((value) => value !== '').join(separator), MAX_TAG_LENGTH);
}

/** The content without what the frame's flags put around it; undefined when it is compressed or encrypted. */
function plainContent({ content, format }: TagFrame, major: number, unsynchronised: boolean): Buffer | undefined {
  if (major === 3) {
    if ((format & 0xc0) !== 0) return undefined;
    return content.subarray((format & 0x20) !== 0 ? 1 : 0);
  }
  if (major === 4) {
    if ((format & 0x0c) !== 0) return undefined;
    const before = ((format & 0x40) !== 0 ? 1 : 0) + ((format & 0x01) !== 0 ? 4 : 0);
    const plain = content.subarray(before);
    return unsynchronised || (format & 0x02) !== 0 ? resynchronise(plain) : plain;
  }
  return content;
}

/** Latin-1 (0) is left to be guessed: many writers put UTF-8 or Windows-1252 there. */
function charsetOf(encoding: number, text: Buffer): string | undefined {
  if (encoding === 2) return 'utf-16be';
  if (encoding === 1) return text[0] === 0xfe && text[1] === 0xff ? 'utf-16be' : 'utf-16le';
  return encoding === 3 ? 'utf-8' : undefined;
}

/** At most four values, separated by NUL of `unit` bytes at whole units. */
function splitAtNul(text: Buffer, unit: 1 | 2): Buffer[] {
  const values: Buffer[] = [];
  let start = 0;
  for (let at = 0; at + unit <= text.length && values.length < 3; at += unit) {
    if (text[at] !== 0 || (unit === 2 && text[at + 1] !== 0)) continue;
    values.push(text.subarray(start, at));
    start = at + unit;
  }
  values.push(text.subarray(start));
  return values;
}

function untilNul(text: Buffer): Buffer {
  const end = text.indexOf(0);
  return end < 0 ? text : text.subarray(0, end);
}

/** Takes out the 0 that was put after each 0xFF ("unsynchronisation"); a copy when there is any. */
function resynchronise(bytes: Buffer): Buffer {
  if (!bytes.includes(0xff)) return bytes;
  const plain = Buffer.alloc(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    plain[length++] = bytes[index]!;
    if (bytes[index] === 0xff && bytes[index + 1] === 0) index++;
  }
  return plain.subarray(0, length);
}

function extendedHeaderBytes(body: Buffer, major: number): number {
  if (body.length < 4) return body.length;
  // 2.3 counts without the size field, 2.4 with it.
  return major === 3 ? 4 + body.readUInt32BE(0) : Math.max(6, synchsafe(body, 0) ?? body.length);
}

/** 28 bits in four bytes whose high bits are 0; undefined when one is set. ID3v2.4 structure, section 6.2. */
function synchsafe(bytes: Buffer, offset: number): number | undefined {
  const value = bytes.readUInt32BE(offset);
  if ((value & 0x80808080) !== 0) return undefined;
  return ((value >>> 3) & 0x0fe00000) | ((value >>> 2) & 0x1fc000) | ((value >>> 1) & 0x3f80) | (value & 0x7f);
}
