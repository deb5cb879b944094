/**
 * The NTP packet, version 4, as a client needs it (RFC 5905 7.3, 14: SNTP). 48 bytes; extensions and authentication
 * after them are passed over.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';

/** Bytes of a packet without extensions. */
export const NTP_PACKET_BYTES = 48;
/** Longer datagrams are refused. */
const MAX_BYTES = 1024;

const MODE_SERVER = 4;
/** Version 4, mode 3 (client), leap unknown is sent as 0. */
const CLIENT_HEAD = 0x23;
/** A server whose distance to its reference is longer is not synchronised (RFC 5905 7.3, MAXDISP). */
const MAX_ROOT_DISTANCE_MS = 16_000;

/** What a server says. Times are NTP timestamps, see `timestamp.ts`. */
export interface NtpPacket {
  /** 3: not synchronised. 1 and 2: the last minute of the month has 61 or 59 seconds. */
  readonly leap: number;
  readonly version: number;
  /** 3 client, 4 server. */
  readonly mode: number;
  /** 0: see `referenceId`, it is a kiss code. 1: has a reference clock. 16: not synchronised. */
  readonly stratum: number;
  /** log2 of seconds. */
  readonly pollExponent: number;
  /** log2 of seconds. */
  readonly precisionExponent: number;
  /** To the reference clock and back. */
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** Four bytes: a kiss code, a clock's name such as `GPS`, or an address. */
  readonly referenceId: Buffer;
  /** The transmit time of the request. */
  readonly originTime: bigint;
  readonly receiveTime: bigint;
  readonly transmitTime: bigint;
}

/** What an answer is good for. */
export type NtpVerdict =
  | { readonly kind: 'good' }
  /** The server asks us to go (`stop`: DENY, RSTR) or to ask less often (`slow`: RATE) (RFC 5905 7.4). */
  | { readonly kind: 'kiss'; readonly code: string; readonly demand: 'stop' | 'slow' }
  /** No answer to our request, or of no use; the reason in words. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * A request. All its fields but the transmit time are 0.
 * @param transmitTime comes back as `originTime`; it may be a random number that is kept beside the true time, so that
 *   nobody who does not see the request can answer it
 */
export function encodeNtpRequest(transmitTime: bigint): Buffer {
  const bytes = Buffer.alloc(NTP_PACKET_BYTES);
  bytes[0] = CLIENT_HEAD;
  bytes.writeBigUInt64BE(BigInt.asUintN(64, transmitTime), 40);
  return bytes;
}

/** Reads a packet. @throws ProtocolViolation when it is shorter than 48 bytes, longer than 1024, or of version 0 or 5 to 7 */
export function decodeNtp(datagram: Buffer): NtpPacket {
  if (datagram.length < NTP_PACKET_BYTES || datagram.length > MAX_BYTES) throw new ProtocolViolation('NTP length');
  const version = (datagram[0]! >>> 3) & 7;
  if (version < 1 || version > 4) throw new ProtocolViolation('NTP version');
  return {
    leap: datagram[0]! >>> 6,
    version,
    mode: datagram[0]! & 7,
    stratum: datagram[1]!,
    pollExponent: datagram.readInt8(2),
    precisionExponent: datagram.readInt8(3),
    rootDelayMs: shortMs(datagram, 4),
    rootDispersionMs: shortMs(datagram, 8),
    referenceId: Buffer.from(datagram.subarray(12, 16)),
    originTime: datagram.readBigUInt64BE(24),
    receiveTime: datagram.readBigUInt64BE(32),
    transmitTime: datagram.readBigUInt64BE(40),
  };
}

// The short format of RFC 5905 6: seconds and their fraction, 16 bits each.
function shortMs(bytes: Buffer, offset: number): number {
  return (bytes.readUInt32BE(offset) * 1000) / 65_536;
}

/**
 * The checks of RFC 5905 8 and 14 (and of 7.4 for kisses). The caller asks once per request: a second answer to one
 * request is a replay.
 * @param transmitTime as it was given to `encodeNtpRequest`
 */
export function judgeNtpAnswer(packet: NtpPacket, transmitTime: bigint): NtpVerdict {
  if (packet.mode !== MODE_SERVER) return refused('it is no answer of a server');
  if (packet.originTime !== BigInt.asUintN(64, transmitTime)) return refused('it answers another request');
  if (packet.stratum === 0) return kissOf(packet.referenceId);
  if (packet.stratum > 15 || packet.leap === 3) return refused('the server is not synchronised');
  if (packet.receiveTime === 0n || packet.transmitTime === 0n) return refused('the server does not tell its time');
  if (BigInt.asIntN(64, packet.transmitTime - packet.receiveTime) < 0n) {
    return refused('the server answered before it was asked');
  }
  if (packet.rootDelayMs / 2 + packet.rootDispersionMs >= MAX_ROOT_DISTANCE_MS) {
    return refused('the server is too far from its reference clock');
  }
  return { kind: 'good' };
}

function kissOf(referenceId: Buffer): NtpVerdict {
  const code = referenceId.toString('latin1').replace(/[^A-Z0-9]/g, '');
  if (code === 'DENY' || code === 'RSTR') return { kind: 'kiss', code, demand: 'stop' };
  if (code === 'RATE') return { kind: 'kiss', code, demand: 'slow' };
  return refused(`the server sent the kiss code ${code || '(none)'}`);
}

function refused(reason: string): NtpVerdict {
  return { kind: 'refused', reason };
}
