/**
 * The RTP data packet (RFC 3550 5.1, 5.3.1). Writing allocates nothing: a sender keeps one buffer per flow and writes
 * the header in place. Reading fills a packet that is handed in and throws nothing, because strangers may send fast.
 * @module
 */

/** Bytes of a header without contributing sources and without extension. */
export const RTP_HEADER_BYTES = 12;

/** What a sender sets in a header. */
export interface RtpHeader {
  /** 0 to 127; 96 to 127 are dynamic (RFC 3551 6). */
  payloadType: number;
  /** Not set for audio without silence suppression (RFC 3551 4.1). */
  marker: boolean;
  /** Any whole number; its lower 16 bits are sent. */
  sequence: number;
  /** Sample frames, any whole number up to 2^53; its lower 32 bits are sent. */
  timestamp: number;
  /** 32 bits. */
  ssrc: number;
}

/** A packet that was read. The payload is `payloadStart` to `payloadEnd` of the datagram, padding excluded. */
export interface RtpPacket extends RtpHeader {
  csrcCount: number;
  payloadStart: number;
  payloadEnd: number;
}

/** Why a datagram is no RTP packet. */
export type RtpFault =
  | 'shorter than an RTP header'
  | 'not RTP version 2'
  | 'contributing sources end after the datagram'
  | 'header extension ends after the datagram'
  | 'padding longer than the payload';

/** An empty packet, to be filled again and again by `readRtpPacket`. */
export function newRtpPacket(): RtpPacket {
  return {
    payloadType: 0,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    csrcCount: 0,
    payloadStart: 0,
    payloadEnd: 0,
  };
}

/**
 * Writes `RTP_HEADER_BYTES` at `offset`: version 2, no padding, no extension, no contributing sources. Allocates nothing.
 * @throws RangeError when the header does not fit into `target`
 */
export function writeRtpHeader(target: Uint8Array, offset: number, header: Readonly<RtpHeader>): void {
  if (offset < 0 || offset + RTP_HEADER_BYTES > target.length) throw new RangeError('no room for an RTP header');
  target[offset] = 0x80;
  target[offset + 1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  stampRtpHeader(target, offset, header.sequence, header.timestamp);
  writeUint32(target, offset + 8, header.ssrc);
}

/**
 * Changes sequence number and timestamp of a header that stands at `offset` already: all that differs from packet to
 * packet of a flow. Both are taken modulo their width, so the caller may count on and on. Allocates nothing.
 */
export function stampRtpHeader(target: Uint8Array, offset: number, sequence: number, timestamp: number): void {
  target[offset + 2] = (sequence >>> 8) & 0xff;
  target[offset + 3] = sequence & 0xff;
  writeUint32(target, offset + 4, timestamp);
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = (value >>> 24) & 0xff;
  target[offset + 1] = (value >>> 16) & 0xff;
  target[offset + 2] = (value >>> 8) & 0xff;
  target[offset + 3] = value & 0xff;
}

/**
 * Reads a datagram into `into` and answers undefined, or answers what is wrong with it; `into` is then not to be used.
 * The checks are those of RFC 3550 A.1 that need one packet only. Never throws.
 */
export function readRtpPacket(datagram: Uint8Array, into: RtpPacket): RtpFault | undefined {
  const length = datagram.length;
  if (length < RTP_HEADER_BYTES) return 'shorter than an RTP header';
  const first = datagram[0]!;
  if (first >>> 6 !== 2) return 'not RTP version 2';
  into.csrcCount = first & 0x0f;
  let start = RTP_HEADER_BYTES + into.csrcCount * 4;
  if (start > length) return 'contributing sources end after the datagram';
  if (first & 0x10) {
    if (start + 4 > length) return 'header extension ends after the datagram';
    start += 4 + 4 * ((datagram[start + 2]! << 8) | datagram[start + 3]!);
    if (start > length) return 'header extension ends after the datagram';
  }
  let end = length;
  if (first & 0x20) {
    const padding = datagram[length - 1]!;
    end -= padding;
    if (padding === 0 || end < start) return 'padding longer than the payload';
  }
  into.marker = (datagram[1]! & 0x80) !== 0;
  into.payloadType = datagram[1]! & 0x7f;
  into.sequence = (datagram[2]! << 8) | datagram[3]!;
  into.timestamp = readUint32(datagram, 4);
  into.ssrc = readUint32(datagram, 8);
  into.payloadStart = start;
  into.payloadEnd = end;
  return undefined;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}
