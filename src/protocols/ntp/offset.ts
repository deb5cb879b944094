/**
 * How far our clock is from a server's, and how sure that is (RFC 5905 8, 10 and 11.1). Measured only: nothing here
 * sets a clock.
 * @module
 */
import type { NtpPacket } from './packet.ts';
import { ntpDifferenceMs } from './timestamp.ts';

/** How fast a clock may run wrong (RFC 5905 7.2, PHI): 15 ppm. */
const DRIFT = 15e-6;
/** Samples that the filter looks at (RFC 5905 7.2, NSTAGE). */
const STAGES = 8;

/** One exchange with a server. */
export interface ClockSample {
  /** Server minus us: what has to be added to our UTC. */
  readonly offsetMs: number;
  /** There and back, the server's own time taken off; not negative. */
  readonly delayMs: number;
  /** The error of both clocks' readings, grown while the exchange went on. */
  readonly dispersionMs: number;
  /** The server's own distance to its reference: half its root delay plus its root dispersion. */
  readonly rootDistanceMs: number;
  /** Monotonic milliseconds when the answer came. */
  readonly takenMs: number;
}

/** The best that is known of a server's clock. */
export interface ClockEstimate {
  readonly offsetMs: number;
  /** The true offset is within this of `offsetMs`, if the server and its references are right (root distance, RFC 5905 11.2, A.5.5.2). */
  readonly errorBoundMs: number;
  readonly delayMs: number;
  /** The spread of the other samples' offsets about this one (RFC 5905 10). */
  readonly jitterMs: number;
  readonly samples: number;
  readonly ageMs: number;
}

/** When a request left and its answer came: our UTC as NTP timestamps, and our precision. */
export interface NtpExchange {
  readonly sentTime: bigint;
  readonly receivedTime: bigint;
  /** Monotonic milliseconds when the answer came. */
  readonly receivedMs: number;
  /** How exactly our clock can be read. */
  readonly precisionMs: number;
}

/** The sample of an answer that was judged good: offset ((T2-T1)+(T3-T4))/2, delay (T4-T1)-(T3-T2) (RFC 5905 8). */
export function clockSample(packet: NtpPacket, exchange: NtpExchange): ClockSample {
  const { sentTime, receivedTime, receivedMs, precisionMs } = exchange;
  const there = ntpDifferenceMs(packet.receiveTime, sentTime);
  const back = ntpDifferenceMs(packet.transmitTime, receivedTime);
  const tripMs = Math.max(0, ntpDifferenceMs(receivedTime, sentTime));
  const servedMs = ntpDifferenceMs(packet.transmitTime, packet.receiveTime);
  const serverPrecisionMs = 1000 * 2 ** Math.max(-32, Math.min(10, packet.precisionExponent));
  return {
    offsetMs: (there + back) / 2,
    delayMs: Math.max(precisionMs, tripMs - servedMs),
    dispersionMs: serverPrecisionMs + precisionMs + DRIFT * tripMs,
    rootDistanceMs: packet.rootDelayMs / 2 + packet.rootDispersionMs,
    takenMs: receivedMs,
  };
}

/** Keeps the last eight samples of one server and finds the one least delayed on the way (RFC 5905 10). */
export class ClockFilter {
  #samples: ClockSample[] = [];

  add(sample: ClockSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > STAGES) this.#samples.shift();
  }

  /** Our clock was stepped, or the server changed: nothing that was measured holds. */
  clear(): void {
    this.#samples = [];
  }

  /** The best estimate at a monotonic time; undefined before the first sample. */
  estimate(nowMs: number): ClockEstimate | undefined {
    let best: ClockSample | undefined;
    for (const each of this.#samples) {
      if (best === undefined || distanceMs(each, nowMs) < distanceMs(best, nowMs)) best = each;
    }
    if (best === undefined) return undefined;
    const { offsetMs, delayMs, takenMs } = best;
    const others = this.#samples.length - 1;
    const squares = this.#samples.reduce((sum, each) => sum + (each.offsetMs - offsetMs) ** 2, 0);
    return {
      offsetMs,
      errorBoundMs: distanceMs(best, nowMs) + best.rootDistanceMs,
      delayMs,
      jitterMs: others === 0 ? 0 : Math.sqrt(squares / others),
      samples: this.#samples.length,
      ageMs: nowMs - takenMs,
    };
  }
}

// Half the delay, and the dispersion as it has grown since: an old quick answer gives way to a new slow one in time.
function distanceMs(sample: ClockSample, nowMs: number): number {
  return sample.delayMs / 2 + sample.dispersionMs + DRIFT * Math.max(0, nowMs - sample.takenMs);
}
