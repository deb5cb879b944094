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
   * Makes the packet of `slot` ready if it is the first that waits, and answers it. When it was sent, `serve` is told
   * so; when it was not, `serve` sends it as any other.
   */
  prepare(slot: number): Buffer | undefined {
    const ring = this.#ring;
    return ring.hasPacket && ((slot - ring.slot) | 0) === 0 ? this.#stamped(slot) : undefined;
  }

  /**
   * Sends what is due at `slot`, a whole number from 0. Answers false when the ring is empty though more is to come.
   * Allocates nothing for packets of full size.
   * @param isReadySent whether what `prepare` answered was sent
   */
  serve(slot: number, isReadySent = false): boolean {
    const ring = this.#ring;
    let slots = 0;
    let previous = -1;
    if (isReadySent) {
      previous = ring.slot;
      slots = 1;
      this.#next();
    }
    if (!ring.hasPacket) return isReadySent || ring.isOver;
    while (ring.hasPacket) {
      const own = ring.slot;
      const slotsLate = (slot - own) | 0;
      if (slotsLate < 0) break;
      if (own !== previous && ++slots > this.#slotsAtOnce) break;
      previous = own;
      this.#sink.send(this.#stamped(own), slotsLate);
      this.#next();
    }
    return true;
  }

  /** The first packet that waits, with the header that it leaves with. */
  #stamped(slot: number): Buffer {
    const ring = this.#ring;
    const cell = ring.packet;
    if (this.#rtp) {
      stampRtpHeader(cell, 0, this.#sequence, this.#rtp.timestamp + Math.imul(slot, this.#rtp.framesPerSlot));
    }
    return ring.bytes === cell.length ? cell : cell.subarray(0, ring.bytes);
  }

  #next(): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#ring.release();
  }
}
