/**
 * The longest payload that a path carries, found as RFC 8899 (DPLPMTUD) does it: it begins with what fits everywhere
 * and grows by padded probes that are acknowledged; routers are asked nothing.
 * @module
 */

/** Payloads tried below the longest: PPPoE takes 8 bytes of it, tunnels more; 1,280 is left by nearly all. */
const PPPOE_BYTES = 8;
const STEPS = [1400, 1372, 1340, 1280];
/** Times that a size is tried; more on a line that loses many packets of any size. */
const MIN_TRIES = 3;
const MAX_TRIES = 10;
/** A size is given up wrongly so seldom. */
const TRIES_ERROR = 1e-3;
const PROBE_PERIOD_MS = 1000;
/** When a larger size is tried again (RFC 8899, 5.1.1: PMTU_RAISE_TIMER). */
const RAISE_MS = 600_000;
/** A probe of which nothing is known is forgotten. */
const FORGET_MS = 10_000;
/** Long packets lost one after the other that mean a black hole; more on a line that loses many. */
const MIN_HOLE = 4;
const MAX_HOLE = 20;
const HOLE_ERROR = 1e-6;

/** What is known of a packet of the path. */
export interface MtuPacket {
  readonly number: number;
  readonly payloadBytes: number;
  readonly isProbe: boolean;
}

/** Finds and watches the longest payload of one path. */
export class PathMtu {
  readonly #baseBytes: number;
  readonly #sizes: readonly number[]; // tried in this order
  #payloadBytes: number;
  #index = 0; // of the size that is tried
  #tries = 0;
  #probe: { number: number; sentMs: number } | undefined;
  #nextProbeMs = 0;
  #longAcked = -1; // highest number of a long packet that arrived
  #longLost = 0; // long packets lost since

  /** `maxBytes`: what the interface carries; the same as `baseBytes` when nothing is to be found out. */
  constructor(baseBytes: number, maxBytes: number) {
    this.#baseBytes = baseBytes;
    this.#payloadBytes = baseBytes;
    const sizes = [maxBytes, maxBytes - PPPOE_BYTES, ...STEPS].filter((size) => size > baseBytes && size <= maxBytes);
    this.#sizes = [...new Set(sizes)].sort((a, b) => b - a);
  }

  /** Most bytes of a payload now. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** The size of a probe that is due; undefined: none is. */
  probeBytes(nowMs: number): number | undefined {
    if (this.#probe && nowMs - this.#probe.sentMs < FORGET_MS) return undefined;
    if (nowMs < this.#nextProbeMs) return undefined;
    const size = this.#sizes[this.#index];
    return size !== undefined && size > this.#payloadBytes ? size : undefined;
  }

  probeSent(number: number, nowMs: number): void {
    this.#probe = { number, sentMs: nowMs };
    this.#nextProbeMs = nowMs + PROBE_PERIOD_MS;
  }

  /** A packet arrived. */
  acked({ number, payloadBytes, isProbe }: MtuPacket, nowMs: number): void {
    if (payloadBytes <= this.#baseBytes) return;
    this.#longAcked = Math.max(this.#longAcked, number);
    this.#longLost = 0;
    if (!isProbe) return;
    if (this.#probe?.number === number) this.#probe = undefined;
    if (payloadBytes > this.#payloadBytes) this.#payloadBytes = payloadBytes;
    this.#rest(nowMs);
  }

  /** A packet is lost, as later ones arrived. `lossRatio`: of all packets of the path. */
  lost({ number, payloadBytes, isProbe }: MtuPacket, lossRatio: number, nowMs: number): void {
    if (payloadBytes <= this.#baseBytes) return;
    if (isProbe) {
      if (this.#probe?.number === number) this.#probeLost(lossRatio, nowMs);
      return;
    }
    if (number < this.#longAcked || payloadBytes > this.#payloadBytes) return;
    this.#longLost++;
    if (this.#longLost >= enough(HOLE_ERROR, lossRatio, MIN_HOLE, MAX_HOLE)) this.#fall(nowMs);
  }

  /** Nothing arrives any more, of whatever length: that says nothing about a probe. */
  suspend(): void {
    this.#probe = undefined;
  }

  #probeLost(lossRatio: number, nowMs: number): void {
    this.#probe = undefined;
    this.#tries++;
    if (this.#tries < enough(TRIES_ERROR, lossRatio, MIN_TRIES, MAX_TRIES)) return;
    this.#tries = 0;
    this.#index++;
    if ((this.#sizes[this.#index] ?? 0) <= this.#payloadBytes) this.#rest(nowMs);
  }

  // Long packets vanish: the route changed, or it was an outage; the next probe tells.
  #fall(nowMs: number): void {
    this.#payloadBytes = this.#baseBytes;
    this.#longLost = 0;
    this.#index = 0;
    this.#tries = 0;
    this.#nextProbeMs = nowMs;
  }

  #rest(nowMs: number): void {
    this.#index = 0;
    this.#tries = 0;
    this.#nextProbeMs = nowMs + RAISE_MS;
  }
}

// How many losses in a row are no chance on a line that loses that share of its packets.
function enough(error: number, lossRatio: number, least: number, most: number): number {
  if (lossRatio <= 0) return least;
  return Math.max(least, Math.min(most, Math.ceil(Math.log(error) / Math.log(Math.min(0.99, lossRatio)))));
}
