import { ParityRepair } from '../../protocols/rtp/parity-repair.ts';
import type { FlowLine } from './flow-line.ts';

/** The part of a `FlowLine` that takes packets. */
export type PacketTaker = Pick<FlowLine, 'receive' | 'sender'>;

const SSRC_AT = 8;
const HEADER_BYTES = 12;

/**
 * Hands the packets of one flow to its line, and those that its sender's redundancy makes of them: duplicates, and what
 * parity makes again (see "Redundancy" in `protocols/rtp/README.md`). A flow may come over several networks, from another
 * address in each; what comes over one of them repairs the others. Only what comes from the flow's own sender counts: the
 * address that is heard, and in each other network the first one that sends packets with its SSRC.
 */
export class RedundantReception {
  readonly #line: PacketTaker;
  readonly #fecPayloadTypes: readonly number[];
  readonly #parity = new ParityRepair();
  /** Who sends the flow in each network. */
  readonly #senders: ({ readonly ssrc: number; readonly from: string } | undefined)[] = [];

  /** @param fecPayloadTypes of parity packets */
  constructor(line: PacketTaker, fecPayloadTypes: readonly number[]) {
    this.#line = line;
    this.#fecPayloadTypes = fecPayloadTypes;
  }

  /** Packets that were lost and made again. */
  get repaired(): number {
    return this.#parity.counters.repaired;
  }

  /** A datagram of the flow's own port. @param network its number, from 0 */
  media(datagram: Buffer, from: string, arrivalMs: number, network: number): void {
    this.#line.receive(datagram, from, arrivalMs);
    this.#learn(datagram, from, network);
    if (this.#isSender(from, network)) this.#again(this.#parity.media(datagram), from, arrivalMs);
  }

  /** A datagram of the port of redundancy. @param network its number, from 0 */
  redundancy(datagram: Buffer, from: string, arrivalMs: number, network: number): void {
    if (datagram.length < 2 || !this.#isSender(from, network)) return;
    if (!this.#fecPayloadTypes.includes(datagram[1]! & 0x7f)) this.media(datagram, from, arrivalMs, network);
    else this.#again(this.#parity.parity(datagram), from, arrivalMs);
  }

  #isSender(from: string, network: number): boolean {
    const heard = this.#line.sender;
    if (!heard) return false;
    const own = this.#senders[network];
    return heard.from === from || (own?.ssrc === heard.ssrc && own.from === from);
  }

  #learn(datagram: Buffer, from: string, network: number): void {
    const heard = this.#line.sender;
    if (!heard || this.#senders[network]?.ssrc === heard.ssrc || datagram.length < HEADER_BYTES) return;
    if (datagram.readUInt32BE(SSRC_AT) === heard.ssrc) this.#senders[network] = { ssrc: heard.ssrc, from };
  }

  #again(packets: readonly Buffer[], from: string, arrivalMs: number): void {
    for (const packet of packets) this.#line.receive(packet, from, arrivalMs);
  }
}
