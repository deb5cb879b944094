/**
 * Ogg pages (RFC 3533 section 6).
 * @module
 */

/** One page whose checksum is right. */
export interface OggPage {
  /** The whole page, a view. */
  readonly bytes: Buffer;
  /** The first packet began on a page before. */
  readonly continued: boolean;
  /** A logical stream begins here. */
  readonly isFirst: boolean;
  /** Position at the end of the last packet that ends here; undefined when none does, negative when absurd. */
  readonly granule: number | undefined;
  readonly serial: number;
  readonly sequence: number;
  /** Sizes of the segments; a packet ends with the first below 255. */
  readonly lacing: Buffer;
}

/** Every page begins with this. */
export const OGG_MAGIC = Buffer.from('OggS', 'latin1');

/** Bytes of a page header without the lacing values. */
export const OGG_HEADER_BYTES = 27;

const FLAG_CONTINUED = 1;
const FLAG_FIRST = 2;
const KNOWN_FLAGS = 7;
const CRC_OFFSET = 22;

/**
 * Bytes of the page that begins at `offset` with `OGG_MAGIC`, as its header says.
 * @returns 0 when the header is none; a negative number when that many bytes are needed to tell
 */
export function oggPageSize(buffer: Buffer, offset: number): number {
  const left = buffer.length - offset;
  if (left < OGG_HEADER_BYTES) return -OGG_HEADER_BYTES;
  if (buffer[offset + 4] !== 0 || buffer[offset + 5]! > KNOWN_FLAGS) return 0;
  const headerBytes = OGG_HEADER_BYTES + buffer[offset + 26]!;
  if (left < headerBytes) return -headerBytes;
  let size = headerBytes;
  for (let at = offset + OGG_HEADER_BYTES; at < offset + headerBytes; at++) size += buffer[at]!;
  return size;
}

/** Reads a whole page as `oggPageSize` measures it, or undefined when the checksum is wrong. */
export function parseOggPage(bytes: Buffer): OggPage | undefined {
  if (bytes.readUInt32LE(CRC_OFFSET) !== oggCrc(bytes)) return undefined;
  const flags = bytes[5]!;
  const granule = bytes.readBigInt64LE(6);
  return {
    bytes,
    continued: (flags & FLAG_CONTINUED) !== 0,
    isFirst: (flags & FLAG_FIRST) !== 0,
    granule: granule === -1n ? undefined : Number(granule),
    serial: bytes.readUInt32LE(14),
    sequence: bytes.readUInt32LE(18),
    lacing: bytes.subarray(OGG_HEADER_BYTES, OGG_HEADER_BYTES + bytes[26]!),
  };
}

/** True when the last packet goes on in the next page. */
export function endsInPacket(page: OggPage): boolean {
  return page.lacing.length > 0 && page.lacing[page.lacing.length - 1] === 255;
}

/** How many packets end in the page. */
export function packetsEnding(page: OggPage): number {
  let count = 0;
  for (const size of page.lacing) if (size < 255) count++;
  return count;
}

/** The whole packets in pages that follow each other; one that does not end is left out. */
export function packetsOf(pages: readonly OggPage[]): Buffer[] {
  const packets: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const page of pages) {
    let start = OGG_HEADER_BYTES + page.lacing.length;
    let end = start;
    for (const size of page.lacing) {
      end += size;
      if (size === 255) continue;
      packets.push(Buffer.concat([...parts, page.bytes.subarray(start, end)]));
      parts = [];
      start = end;
    }
    if (end > start) parts.push(page.bytes.subarray(start, end));
  }
  return packets;
}

/** Polynomial 04C11DB7, most significant bit first, nothing inverted (RFC 3533 section 6, field 7). */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** The checksum of a page, its checksum field read as 0. */
export function oggCrc(page: Buffer): number {
  const head = crcOver(page, 0, CRC_OFFSET, 0);
  return crcOver(page, CRC_OFFSET + 4, page.length, crcOver(ZEROS, 0, 4, head)) >>> 0;
}

const ZEROS = Buffer.alloc(4);

function crcOver(bytes: Buffer, start: number, end: number, before: number): number {
  let crc = before;
  for (let at = start; at < end; at++) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ bytes[at]!]!;
  return crc;
}
