/**
 * Parity packets: the exclusive or of some packets of a flow, from which any one of them can be made again when the
 * others are there (RFC 5109, protection level 0). Behind an RTP header of their own stand the FEC header (7.3) and the
 * header of the level (7.4), then the parity of the payloads.
 * @module
 */

/** FEC header and level header with a mask of 16 packets; with one of 48 it is 4 bytes more. */
export const SHORT_FEC_BYTES = 14;
export const LONG_FEC_BYTES = 18;
/** The most packets from the first to the last that one parity packet protects. */
export const MAX_PARITY_SPAN = 48;
const SHORT_MASK_BITS = 16;
const LONG_MASK_FLAG = 0x40;
const EXTENSION_FLAG = 0x80;

/** Bytes that parity packets have more than the largest packet of their flow, for groups of `packets`. */
export function fecBytesOf(packets: number): number {
  return packets > SHORT_MASK_BITS ? LONG_FEC_BYTES : SHORT_FEC_BYTES;
}

/** What a parity packet says of the packets that it protects. Fields of headers are their exclusive or. */
export interface FecHeader {
  /** The lowest sequence number, 16 bits. */
  readonly base: number;
  /** What each protected number is above `base`, ascending; 0 to 47. */
  readonly offsets: readonly number[];
  /** First byte of the RTP headers, without version. */
  readonly flags: number;
  /** Second byte: marker and payload type. */
  readonly markerAndType: number;
  readonly timestamp: number;
  /** Of all that follows the first 12 bytes of a packet. */
  readonly length: number;
  /** How many bytes of the payloads are protected. */
  readonly protectedBytes: number;
}

/** Bytes of a header with these offsets. */
export function fecHeaderBytes({ offsets }: Pick<FecHeader, 'offsets'>): number {
  return fecBytesOf((offsets.at(-1) ?? 0) + 1);
}

/**
 * Writes a header at `at` and answers its bytes.
 * @throws RangeError when it does not fit into `target`
 */
export function writeFecHeader(target: Buffer, at: number, header: FecHeader): number {
  const bytes = fecHeaderBytes(header);
  const isLong = bytes === LONG_FEC_BYTES;
  target[at] = (header.flags & 0x3f) | (isLong ? LONG_MASK_FLAG : 0);
  target[at + 1] = header.markerAndType & 0xff;
  target.writeUInt16BE(header.base & 0xffff, at + 2);
  target.writeUInt32BE(header.timestamp >>> 0, at + 4);
  target.writeUInt16BE(header.length & 0xffff, at + 8);
  target.writeUInt16BE(header.protectedBytes, at + 10);
  target.fill(0, at + 12, at + bytes);
  for (const offset of header.offsets) target[at + 12 + (offset >>> 3)]! |= 0x80 >>> (offset & 7);
  return bytes;
}

/** Reads the header at the beginning of `payload`; undefined when it is none, or names more than is there. Never throws. */
export function readFecHeader(payload: Buffer): (FecHeader & { readonly headerBytes: number }) | undefined {
  if (payload.length < SHORT_FEC_BYTES) return undefined;
  const first = payload[0]!;
  const bytes = first & LONG_MASK_FLAG ? LONG_FEC_BYTES : SHORT_FEC_BYTES;
  if (first & EXTENSION_FLAG || payload.length < bytes) return undefined;
  const protectedBytes = payload.readUInt16BE(10);
  const offsets: number[] = [];
  for (let bit = 0; bit < (bytes - 12) * 8; bit++) {
    if (payload[12 + (bit >>> 3)]! & (0x80 >>> (bit & 7))) offsets.push(bit);
  }
  if (offsets.length === 0 || protectedBytes > payload.length - bytes) return undefined;
  return {
    headerBytes: bytes,
    base: payload.readUInt16BE(2),
    offsets,
    flags: first & 0x3f,
    markerAndType: payload[1]!,
    timestamp: payload.readUInt32BE(4),
    length: payload.readUInt16BE(8),
    protectedBytes,
  };
}

/** Changes `target` to the exclusive or of both, as far as both go. */
export function xorInto(target: Uint8Array, other: Uint8Array): void {
  const bytes = Math.min(target.length, other.length);
  for (let index = 0; index < bytes; index++) target[index]! ^= other[index]!;
}
