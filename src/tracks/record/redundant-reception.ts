import { ParityRepair } from '../../protocols/rtp/parity-repair.ts';
import type { FlowLine } from './flow-line.ts';

/** The part of a `FlowLine` that takes packets. */
export type PacketTaker = Pick<FlowLine, 'receive' | 'sender'>;

/**
 * Hands the packets of one flow to its line, and those that its sender's redundancy makes of them: duplicates, and what
 * parity makes again (see "Redundancy" in `protocols/rtp/README.md`). Only what comes from the flow's own sender counts.
 */
export class RedundantReception {
  readonly #line: PacketTaker;
  readonly #fecPayloadTypes: readonly number[];
  readonly #parity = new ParityRepair();

  /** @param fecPayloadTypes of parity packets */
  constructor(line: PacketTaker, fecPayloadTypes: readonly number[]) {
    this.#line = line;
    this.#fecPayloadTypes = fecPayloadTypes;
  }

  /** Packets that were lost and made again. */
  get repaired(): number {
    return this.#parity.counters.repaired;
  }

  /** A datagram of the flow's own port. */
  media(datagram: Buffer, from: string, arrivalMs: number): void {
    this.#line.receive(datagram, from, arrivalMs);
    if (this.#line.sender?.from === from) this.#again(this.#parity.media(datagram), from, arrivalMs);
  }

  /** A datagram of the port of redundancy. */
  redundancy(datagram: Buffer, from: string, arrivalMs: number): void {
    if (this.#line.sender?.from !== from || datagram.length < 2) return;
    if (!this.#fecPayloadTypes.includes(datagram[1]! & 0x7f)) this.media(datagram, from, arrivalMs);
    else this.#again(this.#parity.parity(datagram), from, arrivalMs);
  }

  #again(packets: readonly Buffer[], from: string, arrivalMs: number): void {
    for (const packet of packets) this.#line.receive(packet, from, arrivalMs);
  }
}
