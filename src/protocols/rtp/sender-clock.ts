import { utcMsOfNtp } from '../ntp/timestamp.ts';
import { unwrapTimestamp } from './unwrap.ts';

/**
 * Which moment of the sender's clock a sample frame belongs to, as its newest sender report says (RFC 3550 6.4.1):
 * t(timestamp) = NTP of the report + (timestamp - RTP timestamp of the report) / rate.
 */
export class SenderClock {
  readonly #sampleRate: number;
  #utcMs: number | undefined;
  #position = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /**
   * Takes a report.
   * @param near the position of a frame received about that time: its report has 32 bits only
   * @param nearUtcMs our own clock, to know the NTP era
   */
  report(report: { ntp: bigint; rtpTimestamp: number }, near: number, nearUtcMs: number): void {
    this.#utcMs = utcMsOfNtp(report.ntp, nearUtcMs);
    this.#position = unwrapTimestamp(report.rtpTimestamp, near);
  }

  /** The sender's UTC in milliseconds since 1970 of the frame at `position`; undefined before the first report. */
  utcMsAt(position: number): number | undefined {
    if (this.#utcMs === undefined) return undefined;
    return this.#utcMs + ((position - this.#position) * 1000) / this.#sampleRate;
  }

  /** Forgets the reports: another timeline begins. */
  reset(): void {
    this.#utcMs = undefined;
  }
}
