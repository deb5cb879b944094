import { ntpOfUtcMs } from '../../protocols/ntp/timestamp.ts';
import { NTP_EPOCH_SECONDS } from '../epochs.ts';
import type { SteadyUtc } from '../steady-utc.ts';

/** What a session's timestamps are made of. */
export interface StreamClockOptions {
  /** The instant of sample frame 0 on the monotonic clock. */
  readonly startNs: bigint;
  readonly utc: SteadyUtc;
  /** What the reference clock says has to be added to our UTC; undefined without one. */
  readonly serverOffsetMs: number | undefined;
  /** What the reference clock counts at the beginning of 1970; default NTP's. */
  readonly epochSeconds?: number | undefined;
  /** The timestamp of sample frame 0 without a reference clock: any number of 32 bits. */
  readonly randomTimestamp: number;
}

/**
 * The relation of monotonic time, UTC and RTP timestamps in a session; fixed at its start, the same for all tracks.
 * With a reference clock, timestamps count from its epoch, 1900 or 1970 (RFC 7273 5.2, `direct=0`).
 */
export class StreamClock {
  readonly startNs: bigint;
  readonly #options: StreamClockOptions;

  constructor(options: StreamClockOptions) {
    this.startNs = options.startNs;
    this.#options = options;
  }

  /** UTC of sample frame 0, as near to the truth as is known. */
  get startUtcMs(): number {
    return this.utcMsAt(this.startNs);
  }

  /** What `mediaclk:direct` says. */
  get mediaClockOffset(): number {
    return this.#options.serverOffsetMs === undefined ? this.#options.randomTimestamp : 0;
  }

  /** UTC in milliseconds since 1970 at a monotonic instant, a server's correction applied. */
  utcMsAt(ns: bigint): number {
    return this.#options.utc.utcMsAt(ns) + (this.#options.serverOffsetMs ?? 0);
  }

  /** The RTP timestamp of sample frame 0 at a rate, 32 bits. */
  startTimestamp(sampleRate: number): number {
    if (this.#options.serverOffsetMs === undefined) return this.#options.randomTimestamp;
    const { epochSeconds = NTP_EPOCH_SECONDS } = this.#options;
    const utcMs = this.startUtcMs;
    const seconds = Math.floor(utcMs / 1000);
    const frames = Math.floor(((utcMs - seconds * 1000) * sampleRate) / 1000);
    return Number((BigInt(seconds + epochSeconds) * BigInt(sampleRate) + BigInt(frames)) % 2n ** 32n);
  }

  /** One instant in both clocks of a sender report (RFC 3550 6.4.1). */
  reportTimes(ns: bigint, sampleRate: number): { ntp: bigint; rtpTimestamp: number } {
    const frames = ((ns - this.startNs) * BigInt(sampleRate)) / 1_000_000_000n;
    const rtpTimestamp = Number(BigInt.asUintN(32, BigInt(this.startTimestamp(sampleRate)) + frames));
    // Of the frame itself, so that the reports of all flows say the same, to the frame.
    const frameNs = this.startNs + (frames * 1_000_000_000n) / BigInt(sampleRate);
    return { ntp: ntpOfUtcMs(this.utcMsAt(frameNs)), rtpTimestamp };
  }
}
