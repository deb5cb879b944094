/** How often RTCP is sent, so that all members together use 5 % of the session's bandwidth (RFC 3550 6.2, 6.3.1, A.7). */

/** RTCP's part of a session's bandwidth, and the senders' part of that. */
const RTCP_SHARE = 0.05;
const SENDER_SHARE = 0.25;
/** Makes up for timer reconsideration converging below the aim (RFC 3550 6.3.1): e - 3/2. */
const COMPENSATION = Math.E - 1.5;
const MINIMUM_MS = 5_000;

/** What a participant knows of a session. */
export interface RtcpSession {
  /** Participants, ourselves included; at least 1. */
  readonly members: number;
  /** How many of them send audio, ourselves included. */
  readonly senders: number;
  /** Of the audio, all senders together, IP and UDP headers included. */
  readonly sessionBitsPerSecond: number;
  /** Whether we send audio. */
  readonly isSender: boolean;
  /** The mean of all compound packets sent and received, IP and UDP headers included. */
  readonly averageBytes: number;
  /** Whether we have not sent any yet: the first interval's minimum is half as long. */
  readonly isFirst: boolean;
  /** Whether a fast stream may report more often than every 5 s: 360 / (kbit/s) seconds at least (RFC 3550 6.2). */
  readonly isReducedMinimum?: boolean;
}

/** The calculated interval Td in milliseconds, without randomness (RFC 3550 6.3.1). */
export function deterministicRtcpIntervalMs(session: RtcpSession): number {
  const { members, senders, isSender } = session;
  let bytesPerMs = (session.sessionBitsPerSecond * RTCP_SHARE) / 8 / 1000;
  let sharing = Math.max(1, members);
  if (senders > 0 && senders <= members * SENDER_SHARE) {
    bytesPerMs *= isSender ? SENDER_SHARE : 1 - SENDER_SHARE;
    sharing = Math.max(1, isSender ? senders : members - senders);
  }
  const minimumMs = minimumOf(session) / (session.isFirst ? 2 : 1);
  return Math.max(minimumMs, bytesPerMs > 0 ? (session.averageBytes * sharing) / bytesPerMs : minimumMs);
}

function minimumOf(session: RtcpSession): number {
  if (!session.isReducedMinimum || session.sessionBitsPerSecond <= 0) return MINIMUM_MS;
  return Math.min(MINIMUM_MS, (360 / (session.sessionBitsPerSecond / 1000)) * 1000);
}

/**
 * The interval to wait, in milliseconds: half to one and a half times the calculated one, divided by e - 3/2.
 * @param random 0 to 1
 */
export function rtcpIntervalMs(session: RtcpSession, random: number): number {
  return (deterministicRtcpIntervalMs(session) * (random + 0.5)) / COMPENSATION;
}

/** The mean size after one more compound packet was sent or received (RFC 3550 6.3.3, A.7). */
export function averageRtcpBytes(averageBytes: number, packetBytes: number): number {
  return averageBytes + (packetBytes - averageBytes) / 16;
}
