/** The messages of RTCP (RFC 3550 6, RFC 4585 6.2.1), as plain data. `rtcp-decode.ts` and `rtcp-encode.ts` are the wire. */

/** A reception report block (RFC 3550 6.4.1). */
export interface ReportBlock {
  /** Whom it is about. */
  readonly ssrc: number;
  /** Lost since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Signed 24 bits: duplicates may make it negative. */
  readonly cumulativeLost: number;
  /** Extended highest sequence number, 32 bits. */
  readonly highestSequence: number;
  /** Timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the newest sender report's NTP timestamp, 0 without one. */
  readonly lastSenderReport: number;
  /** 1/65536 s. */
  readonly delaySinceLastSenderReport: number;
}

/** SR: what a sender has sent, and a timestamp of both of its clocks at one instant. */
export interface SenderReport {
  readonly kind: 'sender-report';
  readonly ssrc: number;
  /** NTP timestamp, 64 bits. */
  readonly ntp: bigint;
  /** The RTP timestamp of the same instant; its lower 32 bits are sent. */
  readonly rtpTimestamp: number;
  /** Packets and payload bytes since the stream began; the lower 32 bits are sent. */
  readonly packets: number;
  readonly octets: number;
  /** At most 31. */
  readonly blocks: readonly ReportBlock[];
}

/** RR: what a receiver has received; without blocks when it has received nothing. */
export interface ReceiverReport {
  readonly kind: 'receiver-report';
  readonly ssrc: number;
  /** At most 31. */
  readonly blocks: readonly ReportBlock[];
}

/** SDES: who a source is. Texts are cleaned when read. */
export interface SourceDescription {
  readonly kind: 'source-description';
  readonly sources: readonly {
    readonly ssrc: number;
    /** The name all streams of one sender (and one clock) share (RFC 3550 6.5.1); at most 255 bytes. */
    readonly cname?: string;
    readonly name?: string;
    readonly tool?: string;
  }[];
}

/** BYE: sources stop. */
export interface Bye {
  readonly kind: 'bye';
  /** At most 31. */
  readonly ssrcs: readonly number[];
  readonly reason?: string;
}

/** Generic NACK (RFC 4585 6.2.1): packets that are asked for again. */
export interface Nack {
  readonly kind: 'nack';
  /** Who asks. */
  readonly senderSsrc: number;
  /** Whose packets. */
  readonly mediaSsrc: number;
  /** Sequence numbers of 16 bits, in the order of the message. */
  readonly sequences: readonly number[];
}

/** A message of a type that is not read. */
export interface OtherRtcp {
  readonly kind: 'other';
  readonly packetType: number;
}

/** One message of a compound packet. */
export type RtcpMessage = SenderReport | ReceiverReport | SourceDescription | Bye | Nack | OtherRtcp;

/** Packet types (RFC 3550 12.1, RFC 4585 6.1). */
export const RTCP_TYPE = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  bye: 203,
  transportFeedback: 205,
} as const;

/** Items of a source description (RFC 3550 12.2). */
export const SDES_ITEM = { end: 0, cname: 1, name: 2, tool: 6 } as const;

/** Feedback message type of the generic NACK (RFC 4585 6.2.1). */
export const FEEDBACK_NACK = 1;

/**
 * Whether a datagram on a port that carries both is RTCP (RFC 5761 4): packet types 192 to 223, which RTP with payload
 * types 64 to 95 would collide with, so no flow uses those.
 */
export function isRtcp(datagram: Uint8Array): boolean {
  if (datagram.length < 4 || datagram[0]! >>> 6 !== 2) return false;
  return datagram[1]! >= 192 && datagram[1]! <= 223;
}
