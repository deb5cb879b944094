import type { AckFrame } from './frames.ts';
import { type AckResult, LossDetector } from './loss-detection.ts';
import { PathMtu } from './path-mtu.ts';
import { RateControl } from './rate-control.ts';
import { ReceivedPackets } from './received-packets.ts';
import { RttEstimator } from './rtt.ts';
import type { Chunk } from './send-channel.ts';
import type { SentPacket } from './sent-packet.ts';

/** What a session must know of a carrier's connection. */
export interface PathOptions {
  /** Most bytes of a payload at first: 1,200 is safe everywhere; stream carriers up to 16,384. */
  readonly payloadBytes: number;
  /** What the interface carries, if that is more: 1,447 fills an Ethernet packet on IPv4, 1,427 on IPv6. Found by probes. */
  readonly maxPayloadBytes?: number;
  /** What carrier and record add to a payload on the link: 28 + 25 for UDP on IPv4. */
  readonly overheadBytes: number;
  /** The carrier loses nothing while it lives (TLS). */
  readonly isReliable: boolean;
  /** Upper bound of the rate, in bytes a second on the link. Default: none. */
  readonly maxBytesPerSecond?: number;
  /** Silence after which an idle path is asked whether it lives. */
  readonly idlePingMs: number;
  /** Lower is preferred by `race` when two paths are as good. Default 0. */
  readonly rank?: number;
}

/**
 * `attaching`: no HELLO came yet. `alive`: data may go. `suspect`: nothing was acknowledged for too long; only pings
 * go, until one is answered.
 */
export type PathState = 'attaching' | 'alive' | 'suspect';

const FIRST_PING_MS = 200;
const LAST_PING_MS = 2000;
/** In the first minute a path is asked more often: most outages are shorter, and each second counts. */
const YOUNG_LAST_PING_MS = 1000;
const YOUNG_MS = 60_000;
const PING_BACKOFF = 1.5;
/** Beyond the peer's ack delay, a path is suspect after three round trips and at least this. */
const SUSPECT_MIN_MS = 400;
/** The peer's ack delay begins with its next packet: as long as it takes to fill one. */
const LATE_MIN_MS = 120;
const PING_SUSPECT_MIN_MS = 300;
const QUIET_MIN_MS = 500;
/** An overdue answer is asked for by the next data packet, or by a PING when none goes for so long. */
const PIGGYBACK_MS = 100;
/** A path that was down this long is measured anew. */
const FORGET_RATE_MS = 3000;
const COPY_LIMIT = 512;

/** One way through the network: its packets, its round trip, its rate, and whether it lives. */
export class LinkPath {
  readonly id: number;
  readonly options: PathOptions;
  readonly rtt = new RttEstimator();
  readonly received: ReceivedPackets;
  readonly loss: LossDetector;
  readonly rate: RateControl;
  readonly mtu: PathMtu;
  /** Pieces that are also sent on this path: duplicates and hedges. */
  copies: Chunk[] = [];
  /** The carrier takes more. */
  isWritable = true;
  /** The peer's HELLO came on this path. */
  hasPeerHello = false;
  /** What was under way when it became suspect has been given to others. */
  isRescued = false;
  /** The peer has our HELLO; until then each packet carries it. */
  isHelloAcked = false;
  lastAskMs = Number.NEGATIVE_INFINITY;
  hedgedUpTo = -1;
  sentBytes = 0;
  sentPackets = 0;
  receivedBytes = 0;
  receivedPackets = 0;
  #state: PathState = 'attaching';
  #stateSinceMs: number;
  #peerAckDelayMs = 200;
  #waitingSinceMs: number | undefined; // since when something waits for an answer
  #pingedSinceMs: number | undefined; // a ping waits for an answer
  #nextPingMs: number;
  #pingIntervalMs = FIRST_PING_MS;
  #lastSentMs: number;
  #lastReceivedMs: number;
  #gapMs = 1000; // mean time between packets that arrive
  #isDoubted = false; // since the last answer
  #isAsked = false; // a ping is due at once

  constructor(id: number, options: PathOptions, maxAckDelayMs: number, nowMs: number) {
    this.id = id;
    this.options = options;
    this.received = new ReceivedPackets(maxAckDelayMs);
    this.loss = new LossDetector(this.rtt, options.isReliable);
    const { payloadBytes, maxPayloadBytes = payloadBytes } = options;
    this.mtu = new PathMtu(payloadBytes, maxPayloadBytes);
    const packetBytes = Math.min(maxPayloadBytes, 1500) + options.overheadBytes;
    this.rate = new RateControl(this.rtt, packetBytes, options.maxBytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#stateSinceMs = nowMs;
    this.#nextPingMs = nowMs;
    this.#lastSentMs = nowMs;
    this.#lastReceivedMs = nowMs;
  }

  get state(): PathState {
    return this.#state;
  }

  /** Most bytes of a payload now. */
  get payloadBytes(): number {
    return this.mtu.payloadBytes;
  }

  /** Packets sent that did not arrive, 0 to 1. */
  get lossRatio(): number {
    return this.sentPackets > 0 ? this.loss.lostPackets / this.sentPackets : 0;
  }

  /** It lives, the peer knows it, and there are streams to send. */
  get isCarrying(): boolean {
    return this.#state === 'alive' && this.isHelloAcked && this.rate.neededBytesPerSecond > 0;
  }

  get peerAckDelayMs(): number {
    return this.#peerAckDelayMs;
  }

  /** An answer is overdue: ask for one. */
  isLate(nowMs: number): boolean {
    return nowMs >= this.lateMs;
  }

  /** When an answer is overdue; infinity while nothing waits. The probe timeout of RFC 9002, 6.2. */
  get lateMs(): number {
    if (this.#waitingSinceMs === undefined || this.#state !== 'alive') return Number.POSITIVE_INFINITY;
    const { smoothedMs, variationMs } = this.rtt;
    const delayMs = this.#peerAckDelayMs + smoothedMs + Math.max(LATE_MIN_MS, 4 * variationMs);
    return this.#waitingSinceMs + Math.min(delayMs, 0.8 * this.#suspectDelayMs());
  }

  /** The session's own share of time: when `tick` has something to do. */
  get timeoutMs(): number {
    const doubtMs = this.#isDoubted ? Number.POSITIVE_INFINITY : this.#overdueMs();
    return Math.min(this.#suspectMs(), this.loss.lossDueMs, doubtMs);
  }

  /** When the next PING is due if nothing else asks for an answer before. */
  get pingDueMs(): number {
    if (this.#state !== 'alive') return this.#nextPingMs;
    if (this.#isAsked) return Number.NEGATIVE_INFINITY;
    const askAgainMs = this.lastAskMs + Math.max(100, this.rtt.smoothedMs);
    const lateMs = Math.max(this.lateMs + PIGGYBACK_MS, askAgainMs);
    const quietMs = this.#lastReceivedMs + Math.min(this.options.idlePingMs, Math.max(QUIET_MIN_MS, 3 * this.#gapMs));
    const idleMs = Math.max(this.#lastSentMs, this.#lastReceivedMs) + this.options.idlePingMs;
    return Math.min(lateMs, Math.max(Math.min(quietMs, idleMs), askAgainMs));
  }

  /** A packet came and was opened. */
  onReceive(payloadBytes: number, nowMs: number): void {
    this.receivedPackets++;
    this.receivedBytes += payloadBytes + this.options.overheadBytes;
    this.#gapMs += (Math.min(10_000, nowMs - this.#lastReceivedMs) - this.#gapMs) / 8;
    this.#lastReceivedMs = nowMs;
    // It lives in one direction at least: see at once whether it does in the other.
    if (this.#state === 'suspect') this.#pingSoon(nowMs);
  }

  /** The peer's HELLO came. Returns whether the path is new to the peer's packets. */
  onHello(maxAckDelayMs: number, nowMs: number): boolean {
    this.#peerAckDelayMs = Math.min(1000, maxAckDelayMs);
    const isNew = !this.hasPeerHello;
    this.hasPeerHello = true;
    if (this.#state === 'attaching') this.#enter('alive', nowMs);
    return isNew;
  }

  /** Throws ProtocolViolation for an ACK of what was never sent. */
  onAck(frame: AckFrame, nowMs: number): AckResult {
    const result = this.loss.acknowledge(frame, nowMs);
    if (result.rttMs !== undefined) this.rtt.sample(result.rttMs, nowMs);
    this.rate.acknowledged(result.acked, frame.delayMs, nowMs);
    if (result.acked.length === 0 && result.late.length === 0) return result;
    for (const packet of result.acked) this.mtu.acked(packet, nowMs);
    for (const packet of result.late) this.mtu.acked(packet, nowMs);
    this.#waitingSinceMs = this.loss.inFlightBytes > 0 ? nowMs : undefined;
    this.#pingedSinceMs = undefined;
    this.#isDoubted = false;
    if (this.#state === 'suspect') {
      if (nowMs - this.#stateSinceMs > FORGET_RATE_MS) this.rate.restart();
      this.#enter('alive', nowMs);
    }
    return result;
  }

  /** Packets that are lost by now. */
  detectLost(nowMs: number): SentPacket[] {
    const lost = this.loss.detect(nowMs);
    for (const packet of lost) this.mtu.lost(packet, this.lossRatio, nowMs);
    return lost;
  }

  /** A packet goes out; `isPing`: it asks for an answer at once. */
  onSend(packet: SentPacket, isPing: boolean, hasData: boolean, nowMs: number): void {
    this.loss.sent(packet);
    this.sentPackets++;
    this.sentBytes += packet.linkBytes;
    this.rate.sent(packet.linkBytes, nowMs);
    if (packet.isProbe) this.mtu.probeSent(packet.number, nowMs);
    // An answer to a probe is not waited for.
    if (!packet.isAckEliciting || packet.isProbe) return;
    this.#lastSentMs = nowMs;
    this.#waitingSinceMs ??= nowMs;
    if (!isPing) return;
    this.lastAskMs = nowMs;
    this.#isAsked = false;
    if (!hasData) this.#pingedSinceMs ??= nowMs;
    if (this.#state === 'alive') return;
    this.#nextPingMs = nowMs + this.#pingIntervalMs;
    const longestMs = nowMs - this.#stateSinceMs < YOUNG_MS ? YOUNG_LAST_PING_MS : LAST_PING_MS;
    this.#pingIntervalMs = Math.min(longestMs, this.#pingIntervalMs * PING_BACKOFF);
  }

  /** Returns whether an answer is overdue, once until the next answer: then other paths may be dead as well. */
  doubt(nowMs: number): boolean {
    if (this.#isDoubted || nowMs < this.#overdueMs()) return false;
    this.#isDoubted = true;
    return true;
  }

  /** Asks at once whether it lives, unless it is asked already or was heard in the last `freshMs`. */
  ask(freshMs: number, nowMs: number): void {
    if (this.#state !== 'alive' || this.#pingedSinceMs !== undefined) return;
    if (nowMs - this.#lastReceivedMs >= freshMs) this.#isAsked = true;
  }

  /** Returns whether the path became suspect now. */
  checkLife(nowMs: number): boolean {
    if (this.#state !== 'alive' || nowMs < this.#suspectMs()) return false;
    this.#enter('suspect', nowMs);
    this.#pingSoon(nowMs);
    return true;
  }

  addCopies(chunks: Iterable<Chunk>): void {
    this.copies.push(...chunks);
    if (this.copies.length > COPY_LIMIT) this.copies.splice(0, this.copies.length - COPY_LIMIT);
  }

  #pingSoon(nowMs: number): void {
    this.#pingIntervalMs = FIRST_PING_MS;
    this.#nextPingMs = Math.min(this.#nextPingMs, Math.max(nowMs, this.lastAskMs + this.rtt.smoothedMs));
  }

  #enter(state: PathState, nowMs: number): void {
    this.#state = state;
    this.#stateSinceMs = nowMs;
    this.isRescued = false;
    this.#isAsked = false;
    this.#pingIntervalMs = FIRST_PING_MS;
    if (state === 'suspect') {
      this.#nextPingMs = nowMs;
      this.copies = [];
      this.mtu.suspend();
    }
  }

  // As `lateMs`; the answer to a PING does not wait for the peer's next packet.
  #overdueMs(): number {
    if (this.#pingedSinceMs === undefined || this.#state !== 'alive') return this.lateMs;
    const { smoothedMs, variationMs } = this.rtt;
    const delayMs = smoothedMs + Math.max(LATE_MIN_MS, 4 * variationMs);
    return Math.min(this.lateMs, this.#pingedSinceMs + Math.min(delayMs, 0.8 * this.#pingSuspectMs()));
  }

  #suspectDelayMs(): number {
    return this.#peerAckDelayMs + Math.max(3 * this.rtt.smoothedMs, SUSPECT_MIN_MS);
  }

  #suspectMs(): number {
    if (this.#state !== 'alive') return Number.POSITIVE_INFINITY;
    const dataMs = (this.#waitingSinceMs ?? Number.POSITIVE_INFINITY) + this.#suspectDelayMs();
    const pingMs = (this.#pingedSinceMs ?? Number.POSITIVE_INFINITY) + this.#pingSuspectMs();
    return Math.min(dataMs, pingMs);
  }

  #pingSuspectMs(): number {
    return Math.max(3 * this.rtt.smoothedMs, PING_SUSPECT_MIN_MS);
  }
}
