import { middleOfNtp } from '../ntp/timestamp.ts';
import type { ReportBlock } from './rtcp.ts';

/** What a receiver counts of a source, for its reports. */
export interface ReportedReception {
  readonly ssrc: number;
  readonly expected: number;
  readonly received: number;
  readonly highestSequence: number;
  readonly jitterFrames: number;
}

/** Makes reception report blocks (RFC 3550 6.4.1, A.3): remembers what the last report said and the last sender report. */
export class ReportBlocks {
  #expected = 0;
  #received = 0;
  #lostBefore = 0;
  #senderReport = 0;
  #senderReportMs = 0;

  /** Notes a sender report of the source that is heard. */
  senderReport(ntp: bigint, arrivalMs: number): void {
    this.#senderReport = middleOfNtp(ntp);
    this.#senderReportMs = arrivalMs;
  }

  /** Another source is heard: only what is expected and received from now on is its own. */
  reset(expected: number, received: number): void {
    this.#expected = expected;
    this.#received = received;
    this.#lostBefore = expected - received;
    this.#senderReport = 0;
  }

  /** The block for a report that is sent now; the fraction lost is that since the block before. */
  next(reception: ReportedReception, nowMs: number): ReportBlock {
    const expected = reception.expected - this.#expected;
    const lost = expected - (reception.received - this.#received);
    this.#expected = reception.expected;
    this.#received = reception.received;
    const cumulative = reception.expected - reception.received - this.#lostBefore;
    return {
      ssrc: reception.ssrc,
      fractionLost: expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected)),
      cumulativeLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, cumulative)),
      highestSequence: reception.highestSequence >>> 0,
      jitter: Math.min(0xffff_ffff, Math.round(reception.jitterFrames)),
      lastSenderReport: this.#senderReport,
      delaySinceLastSenderReport: this.#senderReport ? delayUnits(nowMs - this.#senderReportMs) : 0,
    };
  }
}

/** Delay in 1/65536 s (RFC 3550 6.4.1, DLSR). */
function delayUnits(delayMs: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.round((delayMs * 65_536) / 1000)));
}

/**
 * The round trip to a receiver of our stream, in milliseconds, from its block about us (RFC 3550 6.4.1):
 * now - LSR - DLSR; undefined when it has had no sender report, or when the answer cannot be.
 * @param nowNtp our clock, the same that stamps our sender reports
 */
export function roundTripMs(block: ReportBlock, nowNtp: bigint): number | undefined {
  if (block.lastSenderReport === 0) return undefined;
  const units = (middleOfNtp(nowNtp) - block.lastSenderReport - block.delaySinceLastSenderReport) | 0;
  return units < 0 ? undefined : (units * 1000) / 65_536;
}
