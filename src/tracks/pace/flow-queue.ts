import { stampRtpHeader } from '../../protocols/rtp/packet.ts';
import type { RingReader } from './ring.ts';

/** How the RTP headers of a flow count. Undefined for datagrams that go as they are. */
export interface RtpCounting {
  /** Sequence number of the first packet. */
  readonly sequence: number;
  /** RTP timestamp of slot 0, modulo 2^32. */
  readonly timestamp: number;
  /** Sample frames from one slot to the next. */
  readonly framesPerSlot: number;
}

/** Takes the packets of a flow. */
export interface PacketSink {
  /**
   * @param packet only valid during the call
   * @param slotsLate how many slots ago the packet was due
   */
  send(packet: Buffer, slotsLate: number): void;
}

/**
 * Sends what a flow has for a slot. A packet that reached the ring after its slot still leaves, with the timestamp
 * of its own slot, at most `slotsAtOnce` slots together; a slot whose packets are not there moves nothing in time.
 */
export class FlowQueue {
  readonly #ring: RingReader;
  readonly #rtp: RtpCounting | undefined;
  readonly #sink: PacketSink;
  readonly #slotsAtOnce: number;
  #sequence: number;

  constructor(ring: RingReader, rtp: RtpCounting | undefined, sink: PacketSink, slotsAtOnce: number) {
    this.#ring = ring;
    this.#rtp = rtp;
    this.#sink = sink;
    this.#slotsAtOnce = slotsAtOnce;
    this.#sequence = rtp?.sequence ?? 0;
  }

  /** True when everything was sent and nothing will come. */
  get isOver(): boolean {
    return this.#ring.isOver;
  }

  /**
   * Sends what is due at `slot`, a whole number from 0. Answers false when the ring is empty though more is to come.
   * Allocates nothing for packets of full size.
   */
  serve(slot: number): boolean {
    const ring = this.#ring;
    if (!ring.hasPacket) return ring.isOver;
    let slots = 0;
    let previous = -1;
    while (ring.hasPacket) {
      const own = ring.slot;
      const slotsLate = (slot - own) | 0;
      if (slotsLate < 0) break;
      if (own !== previous && ++slots > this.#slotsAtOnce) break;
      previous = own;
      this.#send(own, slotsLate);
    }
    return true;
  }

  #send(slot: number, slotsLate: number): void {
    const ring = this.#ring;
    const cell = ring.packet;
    if (this.#rtp) {
      stampRtpHeader(cell, 0, this.#sequence, this.#rtp.timestamp + Math.imul(slot, this.#rtp.framesPerSlot));
      this.#sequence = (this.#sequence + 1) & 0xffff;
    }
    this.#sink.send(ring.bytes === cell.length ? cell : cell.subarray(0, ring.bytes), slotsLate);
    ring.release();
  }
}
