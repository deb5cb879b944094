import { newRtpPacket, RTP_HEADER_BYTES, readRtpPacket } from './packet.ts';
import { type FecHeader, readFecHeader, xorInto } from './ulpfec.ts';

/** Packets that are remembered; a parity packet reaches back 48, and what was overtaken may come later. */
const HISTORY = 256;
/** Parity packets that wait for packets that may only be late. */
const MAX_WAITING = 32;
/** No packet of linear PCM is larger, see MAX_PAYLOAD_BYTES; larger ones are not remembered. */
const MAX_PACKET_BYTES = 2048;

/** How parity packets were of use. */
export interface ParityCounters {
  /** Parity packets that were read. */
  readonly received: number;
  readonly malformed: number;
  /** Packets that were made again. */
  readonly repaired: number;
}

interface Waiting {
  readonly header: FecHeader;
  readonly ssrc: number;
  readonly parity: Buffer;
}

/**
 * Makes lost packets of one flow again out of parity packets (RFC 5109) and the packets that came. The owner hands in
 * both as they come, from the flow's own sender only, and treats what is answered as if it had come from the network.
 * Memory is bounded: the last 256 packets and 32 parity packets.
 */
export class ParityRepair {
  readonly #slots: (Buffer | undefined)[] = Array.from({ length: HISTORY });
  readonly #rtp = newRtpPacket();
  #waiting: Waiting[] = [];
  #counters = { received: 0, malformed: 0, repaired: 0 };

  get counters(): ParityCounters {
    return { ...this.#counters };
  }

  /**
   * Notes a packet of the flow, copied. Answers the packets that can be made again now: whole datagrams, new memory.
   * A datagram that is no RTP packet is passed over.
   */
  media(datagram: Buffer): Buffer[] {
    if (datagram.length > MAX_PACKET_BYTES || readRtpPacket(datagram, this.#rtp)) return [];
    const { sequence } = this.#rtp;
    if (this.#held(sequence, this.#rtp.ssrc)) return [];
    this.#remember(datagram, sequence);
    if (this.#waiting.length === 0) return [];
    this.#waiting = this.#waiting.filter(({ header: { base } }) => isNear(sequence, base));
    return this.#waiting.some(({ header }) => isIn(header, sequence)) ? this.#retry() : [];
  }

  /** Takes a parity packet, its RTP header included. Answers as `media` does. */
  parity(datagram: Buffer): Buffer[] {
    const fault = datagram.length > MAX_PACKET_BYTES || readRtpPacket(datagram, this.#rtp);
    const payload = fault ? undefined : datagram.subarray(this.#rtp.payloadStart, this.#rtp.payloadEnd);
    const header = payload && readFecHeader(payload);
    if (!payload || !header) {
      this.#counters.malformed++;
      return [];
    }
    this.#counters.received++;
    const { headerBytes, protectedBytes } = header;
    const parity = Buffer.from(payload.subarray(headerBytes, headerBytes + protectedBytes));
    this.#waiting.push({ header, ssrc: this.#rtp.ssrc, parity });
    const repaired = this.#retry();
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    return repaired;
  }

  #retry(): Buffer[] {
    const repaired: Buffer[] = [];
    for (let hasMore = true; hasMore; ) {
      hasMore = false;
      this.#waiting = this.#waiting.filter((waiting) => {
        const missing = this.#missing(waiting);
        if (missing.length > 1) return true;
        const packet = missing.length === 1 ? this.#rebuild(waiting, missing[0]!) : undefined;
        if (packet) {
          repaired.push(packet);
          this.#counters.repaired++;
          this.#remember(packet, missing[0]!);
          hasMore = true;
        }
        return false;
      });
    }
    return repaired;
  }

  /** The sequence numbers of the group that are not here, two at most. */
  #missing({ header, ssrc }: Waiting): number[] {
    const missing: number[] = [];
    for (const offset of header.offsets) {
      const sequence = (header.base + offset) & 0xffff;
      if (!this.#held(sequence, ssrc)) missing.push(sequence);
      if (missing.length === 2) break;
    }
    return missing;
  }

  #rebuild({ header, ssrc, parity }: Waiting, sequence: number): Buffer | undefined {
    let { flags, markerAndType, timestamp, length } = header;
    const payload = Buffer.from(parity);
    for (const offset of header.offsets) {
      const packet = this.#held((header.base + offset) & 0xffff, ssrc);
      if (!packet) continue;
      flags ^= packet[0]! & 0x3f;
      markerAndType ^= packet[1]!;
      timestamp ^= packet.readUInt32BE(4);
      length ^= packet.length - RTP_HEADER_BYTES;
      xorInto(payload, packet.subarray(RTP_HEADER_BYTES));
    }
    // Parity of other packets than ours, or of more than level 0 protects.
    if (length > payload.length) return undefined;
    if (!this.#isInOrder(header, { ssrc, sequence, timestamp: timestamp >>> 0 })) return undefined;
    const head = Buffer.alloc(RTP_HEADER_BYTES);
    head[0] = 0x80 | flags;
    head[1] = markerAndType;
    head.writeUInt16BE(sequence, 2);
    head.writeUInt32BE(timestamp >>> 0, 4);
    head.writeUInt32BE(ssrc, 8);
    return Buffer.concat([head, payload.subarray(0, length)]);
  }

  /**
   * Whether timestamps rise through the group with the rebuilt packet in its place. They do not when a packet that is
   * held has the number of another time: numbers come again after 65,536 packets.
   */
  #isInOrder(header: FecHeader, rebuilt: { ssrc: number; sequence: number; timestamp: number }): boolean {
    let previous: number | undefined;
    for (const offset of header.offsets) {
      const sequence = (header.base + offset) & 0xffff;
      const timestamp =
        sequence === rebuilt.sequence ? rebuilt.timestamp : this.#held(sequence, rebuilt.ssrc)!.readUInt32BE(4);
      if (previous !== undefined && ((timestamp - previous) | 0) <= 0) return false;
      previous = timestamp;
    }
    return true;
  }

  #held(sequence: number, ssrc: number): Buffer | undefined {
    const packet = this.#slots[sequence % HISTORY];
    return packet && packet.readUInt16BE(2) === sequence && packet.readUInt32BE(8) === ssrc ? packet : undefined;
  }

  #remember(datagram: Buffer, sequence: number): void {
    const place = sequence % HISTORY;
    const held = this.#slots[place];
    if (held && held.length === datagram.length) datagram.copy(held);
    else this.#slots[place] = Buffer.from(datagram);
  }
}

/** Whether a group may still be completed when packets of that number come. */
function isNear(sequence: number, base: number): boolean {
  const ahead = (sequence - base) & 0xffff;
  return ahead < HISTORY || ahead > 0xffff - HISTORY;
}

function isIn({ base, offsets }: FecHeader, sequence: number): boolean {
  return offsets.includes((sequence - base) & 0xffff);
}
