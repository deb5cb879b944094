import { RTP_HEADER_BYTES, stampRtpHeader, writeRtpHeader } from '../../../protocols/rtp/packet.ts';
import { ParityGroup } from '../../../protocols/rtp/parity-group.ts';
import type { RedundancyMeasure } from '../../plan/redundancy-measure.ts';
import type { PacketRing } from '../flow-packer.ts';

/** What the packets of a flow are counted by. */
export interface RedundantFlowOptions {
  /** Of the second port; its packets go as they are written. A cell holds the flow's largest packet and `SHORT_FEC_BYTES`. */
  readonly ring: PacketRing;
  readonly ssrc: number;
  /** Of the flow's packet at slot 0. */
  readonly firstSequence: number;
  readonly timestamp: number;
  readonly framesPerSlot: number;
  readonly slotMs: number;
  readonly maxPayloadBytes: number;
  readonly fecPayloadType: number;
  /** Sequence number of the first parity packet. */
  readonly firstFecSequence: number;
}

/** Writes the duplicates and the parity of one flow to its second port. What to write may change between any two packets. */
export class RedundantFlow {
  readonly #options: RedundantFlowOptions;
  readonly #group: ParityGroup;
  readonly #packet: Buffer;
  #measure: RedundancyMeasure = { kind: 'none' };
  #fecSequence: number;
  /** Of the last packet that was added, and of the last that was written. */
  #addedSlot = 0;
  #writtenSlot = 0;
  #dropped = 0;

  constructor(options: RedundantFlowOptions) {
    this.#options = options;
    this.#group = new ParityGroup(options.maxPayloadBytes);
    this.#packet = Buffer.alloc(RTP_HEADER_BYTES + options.maxPayloadBytes);
    this.#fecSequence = options.firstFecSequence;
  }

  /** What could not be sent because the ring was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Holds for the packets that are added from now on. */
  set measure(measure: RedundancyMeasure) {
    this.#flush(this.#addedSlot);
    this.#measure = measure;
  }

  /**
   * Takes the flow's packet of a slot, of which there is one at each.
   * @param packet payload type, SSRC and payload are right; its counts are not set yet. Not kept.
   */
  add(packet: Buffer, slot: number): void {
    const measure = this.#measure;
    this.#addedSlot = slot;
    if (measure.kind === 'duplicate') this.#duplicate(packet, slot, measure.delayMs);
    else if (measure.kind === 'parity') {
      packet.copy(this.#packet);
      this.#stamp(this.#packet, slot);
      this.#group.add(this.#packet.subarray(0, packet.length));
      if (this.#group.count >= measure.packets) this.#flush(slot);
    }
  }

  /** No packet comes any more: what protects the last ones is written. */
  end(): void {
    this.#flush(this.#addedSlot);
    this.#options.ring.end();
  }

  #duplicate(packet: Buffer, slot: number, delayMs: number): void {
    const { ring, slotMs } = this.#options;
    if (ring.free <= 0) {
      this.#dropped++;
      return;
    }
    packet.copy(ring.packet);
    this.#stamp(ring.packet, slot);
    this.#commit(packet.length, slot + Math.max(1, Math.round(delayMs / slotMs)));
  }

  #flush(slot: number): void {
    if (this.#group.count === 0) return;
    const { ring, timestamp, framesPerSlot, fecPayloadType: payloadType, ssrc } = this.#options;
    if (ring.free <= 0) {
      this.#group.clear();
      this.#dropped++;
      return;
    }
    const bytes = this.#group.finish(ring.packet, RTP_HEADER_BYTES);
    const sequence = this.#fecSequence++;
    writeRtpHeader(ring.packet, 0, {
      payloadType,
      marker: false,
      sequence,
      timestamp: timestamp + slot * framesPerSlot,
      ssrc,
    });
    this.#commit(RTP_HEADER_BYTES + bytes, slot);
  }

  /** The ring's slots never fall: what follows later duplicates waits for them. */
  #commit(bytes: number, slot: number): void {
    this.#writtenSlot = Math.max(this.#writtenSlot, slot);
    this.#options.ring.commit(bytes, this.#writtenSlot);
  }

  #stamp(packet: Buffer, slot: number): void {
    const { firstSequence, timestamp, framesPerSlot } = this.#options;
    stampRtpHeader(packet, 0, firstSequence + slot, timestamp + slot * framesPerSlot);
  }
}
