/** The packet of the Session Announcement Protocol, version 1 (RFC 2974 6). */
import { ProtocolViolation } from '../../core/errors.ts';
import { decodeText } from '../../core/text.ts';
import { addressBytes, addressText } from '../sdp/ip-address.ts';

/** UDP port of announcements. */
export const SAP_PORT = 9875;
/**
 * Where announcements are sent: the highest address of the scope. The first is what AES67 and Dante devices use, then
 * the global scope, then what PipeWire uses.
 */
export const SAP_GROUPS = ['239.255.255.255', '224.2.127.254', '224.0.0.56'] as const;

/** Longer datagrams are refused; RFC 2974 6 asks senders for 1 KB at most. */
const MAX_SAP_BYTES = 8 * 1024;
const MAX_TYPE_BYTES = 128;
const SDP_TYPE = 'application/sdp';

const VERSION_1 = 0x20;
const IS_IPV6 = 0x10;
const IS_DELETION = 0x04;
const IS_ENCRYPTED = 0x02;
const IS_COMPRESSED = 0x01;

/** An announcement, or the end of one. */
export interface SapPacket {
  readonly kind: 'announce' | 'delete';
  /** 16 bits; changes when the description changes. 0: unknown. */
  readonly messageId: number;
  /** The address the announcer gives as its own. */
  readonly originAddress: string;
  /** The session description; of a deletion only its `o=` line. */
  readonly sdp: string;
}

/**
 * Reads a datagram. Authentication data is passed over: nobody uses it, and nothing is believed because of it.
 * @throws ProtocolViolation when it is no announcement of a session description, encrypted, compressed or too large
 */
export function decodeSap(datagram: Buffer): SapPacket {
  if (datagram.length > MAX_SAP_BYTES) throw new ProtocolViolation('announcement larger than 8 KiB');
  if (datagram.length < 8) throw new ProtocolViolation('announcement without a header');
  const flags = datagram[0]!;
  if ((flags & 0xe0) !== VERSION_1) throw new ProtocolViolation('not SAP version 1');
  if (flags & IS_ENCRYPTED) throw new ProtocolViolation('encrypted announcement');
  if (flags & IS_COMPRESSED) throw new ProtocolViolation('compressed announcement');
  const addressEnd = flags & IS_IPV6 ? 20 : 8;
  const start = addressEnd + datagram[1]! * 4;
  if (start > datagram.length) throw new ProtocolViolation('announcement shorter than its header');
  return {
    kind: flags & IS_DELETION ? 'delete' : 'announce',
    messageId: datagram.readUInt16BE(2),
    originAddress: addressText(datagram.subarray(4, addressEnd)),
    sdp: decodeText(payloadOf(datagram.subarray(start))).replace(/\0+$/, ''),
  };
}

// The payload type in front may be missing: the payload is then a description (RFC 2974 6).
function payloadOf(bytes: Buffer): Buffer {
  if (bytes.length === 0 || bytes[1] === 0x3d) return bytes;
  const end = bytes.subarray(0, MAX_TYPE_BYTES).indexOf(0);
  if (end < 0) throw new ProtocolViolation('announcement without a payload type');
  if (bytes.toString('latin1', 0, end).trim().toLowerCase() !== SDP_TYPE) {
    throw new ProtocolViolation('announcement of something else than a session description');
  }
  return bytes.subarray(end + 1);
}

/**
 * Writes an announcement, or the deletion of one, whose payload is the description's `o=` line (RFC 2974 4).
 * @throws RangeError when `originAddress` is no IP address
 */
export function encodeSap({ kind, messageId, originAddress, sdp }: SapPacket): Buffer {
  const address = addressBytes(originAddress);
  if (!address) throw new RangeError('the origin of an announcement has to be an IP address');
  const flags = VERSION_1 | (address.length === 16 ? IS_IPV6 : 0) | (kind === 'delete' ? IS_DELETION : 0);
  const payload = kind === 'delete' ? `${/^o=[^\r\n]*/m.exec(sdp)?.[0] ?? ''}\r\n` : sdp;
  const head = Buffer.from([flags, 0, messageId >>> 8, messageId & 0xff]);
  return Buffer.concat([head, address, Buffer.from(`${SDP_TYPE}\0${payload}`, 'utf8')]);
}

/** The message id of a description: a hash of its text (FNV-1a, folded to 16 bits), never 0. */
export function messageIdOf(sdp: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of Buffer.from(sdp, 'utf8')) hash = Math.imul(hash ^ byte, 0x0100_0193);
  const folded = ((hash >>> 16) ^ hash) & 0xffff;
  return folded === 0 ? 1 : folded;
}
