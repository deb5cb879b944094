/**
 * How fast a path may send: measured from delivery rate and delay, not from loss. As BBR it takes the highest rate
 * that was delivered lately for the line's; as LEDBAT (RFC 6817) it holds the queue it makes at a small target, so
 * that the line never runs dry while there is something to catch up and never overflows.
 * @module
 */
import type { RttEstimator } from './rtt.ts';
import type { SentPacket } from './sent-packet.ts';

/** Bytes that a path sends at most before anything is known of it, each second. */
const INITIAL_BYTES_PER_SECOND = 32_000;
const STARTUP_GAIN = 2;
const MAX_GAIN = 1.25;
const MIN_GAIN = 0.5;
/** How much more than the streams need a path may always send. */
const NEED_GAIN = 1.2;
const MIN_TARGET_MS = 50;
const TARGET_PACKETS = 3;
const MIN_WINDOW_PACKETS = 8;
const SAMPLES = 16;
/** A sample spans at least so many packets: fewer say more about timers and jitter than about the line. */
const SAMPLE_PACKETS = 4;
const POINTS = 64;

interface RateSample {
  readonly ms: number;
  readonly bytesPerSecond: number;
}

/** How much had been delivered when a packet arrived at the peer. */
interface DeliveryPoint {
  readonly arrivedMs: number;
  readonly sentMs: number;
  readonly bytes: number;
  readonly isAppLimited: boolean;
}

/** Pacing and the bound on bytes under way for one path. Rates are bytes a second on the link. */
export class RateControl {
  readonly #rtt: RttEstimator;
  readonly #maxBytesPerSecond: number;
  readonly #packetBytes: number;
  #samples: RateSample[] = [];
  #points: DeliveryPoint[] = [];
  #deliveredBytes = 0;
  #isStartup = true;
  #flatRounds = 0;
  #roundEndMs = 0;
  #roundBest = 0;
  #nextSendMs = 0;
  /** What the streams on this path need now. */
  neededBytesPerSecond = 0;

  constructor(rtt: RttEstimator, packetBytes: number, maxBytesPerSecond: number) {
    this.#rtt = rtt;
    this.#packetBytes = packetBytes;
    this.#maxBytesPerSecond = maxBytesPerSecond;
  }

  /** The line's rate as far as it was seen; 0 before the first sample. */
  get deliveryBytesPerSecond(): number {
    let best = 0;
    for (const { bytesPerSecond } of this.#samples) best = Math.max(best, bytesPerSecond);
    return best;
  }

  /** The rate is still being searched for. */
  get isStartup(): boolean {
    return this.#isStartup;
  }

  /** How much queue a path may make for itself. */
  get targetQueueMs(): number {
    const packetMs = (this.#packetBytes * 1000) / Math.max(this.deliveryBytesPerSecond, INITIAL_BYTES_PER_SECOND / 4);
    return Math.max(MIN_TARGET_MS, this.#rtt.minMs / 2, TARGET_PACKETS * packetMs);
  }

  get bytesPerSecond(): number {
    const floor = this.neededBytesPerSecond * NEED_GAIN;
    const measured = this.deliveryBytesPerSecond || INITIAL_BYTES_PER_SECOND;
    const rate = this.#isStartup ? Math.max(measured, floor) * STARTUP_GAIN : measured * this.#gain();
    return Math.min(this.#maxBytesPerSecond, Math.max(rate, floor));
  }

  /** Bytes under way above which nothing more is sent; `ackIntervalMs` is how long an acknowledgement may wait. */
  windowBytes(ackIntervalMs: number): number {
    const roundMs = this.#rtt.minMs + ackIntervalMs;
    return (2 * this.bytesPerSecond * roundMs) / 1000 + MIN_WINDOW_PACKETS * this.#packetBytes;
  }

  /** When the next packet may go; short bursts after a pause are allowed. */
  get nextSendMs(): number {
    return this.#nextSendMs;
  }

  /** A packet goes out. */
  sent(linkBytes: number, nowMs: number): void {
    const burstMs = Math.min(20, Math.max(2, (2 * this.#packetBytes * 1000) / this.bytesPerSecond));
    this.#nextSendMs = Math.max(this.#nextSendMs, nowMs - burstMs) + (linkBytes * 1000) / this.bytesPerSecond;
  }

  /** Packets were acknowledged, ascending; the newest of them reached the peer `ackDelayMs` before the ACK left. */
  acknowledged(packets: readonly SentPacket[], ackDelayMs: number, nowMs: number): void {
    const newest = packets.at(-1);
    if (!newest) return;
    let isAppLimited = false;
    for (const packet of packets) {
      this.#deliveredBytes += packet.linkBytes;
      isAppLimited ||= packet.isAppLimited;
    }
    const last = this.#points.at(-1);
    const arrivedMs = Math.max(last?.arrivedMs ?? 0, nowMs - ackDelayMs);
    const sentMs = Math.max(last?.sentMs ?? 0, newest.sentMs);
    const point = { arrivedMs, sentMs, bytes: this.#deliveredBytes, isAppLimited };
    this.#points.push(point);
    if (this.#points.length > POINTS) this.#points.shift();
    this.#measure(point, nowMs);
  }

  /** The path was down for a while: look for its rate again. */
  restart(): void {
    this.#isStartup = true;
    this.#flatRounds = 0;
    this.#roundBest = 0;
    this.#points = [];
  }

  // The rate between the newest point and the last one that is far enough back.
  #measure(newest: DeliveryPoint, nowMs: number): void {
    const spanBytes = SAMPLE_PACKETS * this.#packetBytes;
    let isAppLimited = newest.isAppLimited;
    for (let index = this.#points.length - 2; index >= 0; index--) {
      const from = this.#points[index]!;
      const bytes = newest.bytes - from.bytes;
      const spanMs = Math.max(newest.arrivedMs - from.arrivedMs, newest.sentMs - from.sentMs);
      if (bytes >= spanBytes && spanMs >= Math.max(5, this.#rtt.minMs)) {
        return this.#sample((bytes * 1000) / spanMs, isAppLimited, nowMs);
      }
      isAppLimited ||= from.isAppLimited;
    }
  }

  #gain(): number {
    const ratio = 1 - this.#rtt.queueMs / this.targetQueueMs;
    return Math.min(MAX_GAIN, Math.max(MIN_GAIN, 1 + ratio * (MAX_GAIN - 1)));
  }

  #sample(bytesPerSecond: number, isAppLimited: boolean, nowMs: number): void {
    if (!isAppLimited || bytesPerSecond > this.deliveryBytesPerSecond) {
      this.#samples.push({ ms: nowMs, bytesPerSecond });
      const keepMs = Math.max(2000, 8 * this.#rtt.smoothedMs);
      while (this.#samples.length > 1 && (this.#samples.length > SAMPLES || this.#samples[0]!.ms < nowMs - keepMs)) {
        this.#samples.shift();
      }
    }
    if (!this.#isStartup) return;
    if (this.#rtt.queueMs > this.targetQueueMs) this.#isStartup = false;
    else if (!isAppLimited && nowMs >= this.#roundEndMs) this.#endRound(nowMs);
  }

  // Startup ends when three rounds in a row brought no more than a quarter.
  #endRound(nowMs: number): void {
    const packetsMs = (SAMPLE_PACKETS * this.#packetBytes * 1000) / this.bytesPerSecond;
    this.#roundEndMs = nowMs + this.#rtt.smoothedMs + packetsMs;
    const best = this.deliveryBytesPerSecond;
    if (best >= this.#roundBest * 1.25) {
      this.#roundBest = best;
      this.#flatRounds = 0;
    } else if (++this.#flatRounds >= 3) this.#isStartup = false;
  }
}
