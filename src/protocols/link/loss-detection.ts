/**
 * Which packets of one path arrived and which are lost, as RFC 9002 (section 6) does it.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { AckFrame } from './frames.ts';
import type { RttEstimator } from './rtt.ts';
import type { SentPacket } from './sent-packet.ts';

const PACKET_THRESHOLD = 3;
const MAX_PACKET_THRESHOLD = 64;
const TIME_THRESHOLD = 9 / 8;
const MAX_TIME_THRESHOLD = 2;
const GRANULARITY_MS = 1;
/** Lost packets that are remembered, to see when one arrives after all. */
const REMEMBERED_LOST = 256;

/** What an ACK tells. */
export interface AckResult {
  /** Newly acknowledged, ascending. */
  readonly acked: SentPacket[];
  /** Declared lost before and acknowledged now. */
  readonly late: SentPacket[];
  /** The largest acknowledged is new and elicited the ACK: a round trip, without the peer's delay. */
  readonly rttMs: number | undefined;
}

/** Packets under way on one path. Fed acknowledgements and time, it tells what arrived and what is lost. */
export class LossDetector {
  readonly #rtt: RttEstimator;
  readonly #isReliable: boolean;
  readonly #sent = new Map<number, SentPacket>(); // ascending by number
  readonly #lost = new Map<number, SentPacket>();
  #nextNumber = 0;
  #largestAcked = -1;
  #inFlightBytes = 0;
  #packetThreshold = PACKET_THRESHOLD;
  #timeThreshold = TIME_THRESHOLD;
  lostPackets = 0;
  spuriousLosses = 0;

  /** `isReliable`: the carrier loses nothing while it lives. */
  constructor(rtt: RttEstimator, isReliable: boolean) {
    this.#rtt = rtt;
    this.#isReliable = isReliable;
  }

  /** The number of the next packet. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** Bytes of ack-eliciting packets under way. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Packets under way, oldest first. */
  inFlight(): Iterable<SentPacket> {
    return this.#sent.values();
  }

  sent(packet: SentPacket): void {
    this.#nextNumber = packet.number + 1;
    if (!packet.isAckEliciting) return;
    this.#sent.set(packet.number, packet);
    this.#inFlightBytes += packet.linkBytes;
  }

  /** Throws ProtocolViolation when the ACK tells of packets that were never sent. */
  acknowledge({ ranges, delayMs }: AckFrame, nowMs: number): AckResult {
    const largest = ranges[0]!.end - 1;
    if (largest >= this.#nextNumber) throw new ProtocolViolation('ACK of a packet that was never sent');
    const largestPacket = this.#sent.get(largest);
    const acked: SentPacket[] = [];
    const late: SentPacket[] = [];
    for (const packet of this.#sent.values()) {
      if (packet.number > largest) break;
      if (!isIn(ranges, packet.number)) continue;
      this.#drop(packet);
      acked.push(packet);
    }
    for (const packet of this.#lost.values()) {
      if (isIn(ranges, packet.number)) late.push(packet);
    }
    for (const packet of late) this.#wasSpurious(packet);
    this.#largestAcked = Math.max(this.#largestAcked, largest);
    if (!largestPacket) return { acked, late, rttMs: undefined };
    const fullMs = nowMs - largestPacket.sentMs;
    // A peer that claims more delay than there was is not believed below the shortest round trip.
    const rttMs = Math.max(fullMs - delayMs, Math.min(fullMs, this.#rtt.hasSample ? this.#rtt.minMs : fullMs));
    return { acked, late, rttMs: Math.max(GRANULARITY_MS, rttMs) };
  }

  /** Packets that are lost by now. They are no longer under way. */
  detect(nowMs: number): SentPacket[] {
    const lost: SentPacket[] = [];
    if (this.#isReliable) return lost;
    const sentBefore = nowMs - this.#lossDelayMs();
    for (const packet of this.#sent.values()) {
      if (packet.number >= this.#largestAcked) break;
      const isFarBehind = this.#largestAcked - packet.number >= this.#packetThreshold;
      if (isFarBehind || packet.sentMs <= sentBefore) lost.push(packet);
    }
    for (const packet of lost) this.#lose(packet);
    return lost;
  }

  /** When `detect` finds the next loss by time; infinity when no packet waits for it. */
  get lossDueMs(): number {
    if (this.#isReliable) return Number.POSITIVE_INFINITY;
    for (const packet of this.#sent.values()) {
      if (packet.number < this.#largestAcked) return packet.sentMs + this.#lossDelayMs();
      break;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The path is gone: everything under way on it. */
  takeAll(): SentPacket[] {
    const all = [...this.#sent.values()];
    for (const packet of all) this.#drop(packet);
    return all;
  }

  #lossDelayMs(): number {
    const { latestMs, smoothedMs } = this.#rtt;
    return Math.max(GRANULARITY_MS, Math.max(latestMs, smoothedMs) * this.#timeThreshold);
  }

  #drop(packet: SentPacket): void {
    if (this.#sent.delete(packet.number)) this.#inFlightBytes -= packet.linkBytes;
  }

  #lose(packet: SentPacket): void {
    this.#drop(packet);
    if (!packet.isProbe) this.lostPackets++;
    this.#lost.set(packet.number, packet);
    if (this.#lost.size <= REMEMBERED_LOST) return;
    for (const number of this.#lost.keys()) {
      this.#lost.delete(number);
      break;
    }
  }

  // The line changes the order of packets: wait longer from now on.
  #wasSpurious(packet: SentPacket): void {
    this.#lost.delete(packet.number);
    if (!packet.isProbe) {
      this.spuriousLosses++;
      this.lostPackets--;
    }
    const distance = this.#largestAcked - packet.number;
    this.#packetThreshold = Math.min(MAX_PACKET_THRESHOLD, Math.max(this.#packetThreshold + 1, distance + 1));
    this.#timeThreshold = Math.min(MAX_TIME_THRESHOLD, this.#timeThreshold + 1 / 8);
  }
}

function isIn(ranges: AckFrame['ranges'], number: number): boolean {
  for (const { start, end } of ranges) {
    if (number >= end) return false;
    if (number >= start) return true;
  }
  return false;
}
