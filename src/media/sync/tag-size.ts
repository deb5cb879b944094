import { ID3V1_BYTES, id3v2Length } from '../tags/id3.ts';
import { MAX_TAG_BYTES } from './probing-framer.ts';

const ID3V2_HEADER_BYTES = 10;
const APE_HEADER_BYTES = 32;
/** APEv2: this is the header, and the items and the footer follow. */
const APE_IS_HEADER_FLAG = 0x20000000;

/**
 * Size of the tag that begins at `at`: ID3v2 (with footer) and APE anywhere,
 * ID3v1 only where `atBorder` says that a frame has just ended. Never more than
 * `MAX_TAG_BYTES`, whatever the tag says.
 * @returns bytes to skip; 0 when no tag begins here; a negative number when that many bytes are needed to tell
 */
export function tagSize(buffer: Buffer, at: number, atBorder: boolean): number {
  switch (buffer[at]) {
    case 0x49:
      return withHeader(buffer, at, 'ID3', ID3V2_HEADER_BYTES, id3v2Size);
    case 0x41:
      return withHeader(buffer, at, 'APETAGEX', APE_HEADER_BYTES, apeSize);
    case 0x54:
      return atBorder ? withHeader(buffer, at, 'TAG', 3, () => ID3V1_BYTES) : 0;
    default:
      return 0;
  }
}

function withHeader(
  buffer: Buffer,
  at: number,
  magic: string,
  headerBytes: number,
  sizeOf: (buffer: Buffer, at: number) => number,
): number {
  const known = Math.min(magic.length, buffer.length - at);
  for (let i = 0; i < known; i++) if (buffer[at + i] !== magic.charCodeAt(i)) return 0;
  if (buffer.length - at < headerBytes) return -headerBytes;
  return Math.min(sizeOf(buffer, at), MAX_TAG_BYTES);
}

function id3v2Size(buffer: Buffer, at: number): number {
  return id3v2Length(buffer.subarray(at, at + ID3V2_HEADER_BYTES));
}

function apeSize(buffer: Buffer, at: number): number {
  const isHeader = (buffer.readUInt32LE(at + 20) & APE_IS_HEADER_FLAG) !== 0;
  return APE_HEADER_BYTES + (isHeader ? buffer.readUInt32LE(at + 12) : 0);
}
