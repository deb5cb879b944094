import { RTP_HEADER_BYTES } from './packet.ts';
import { fecHeaderBytes, MAX_PARITY_SPAN, writeFecHeader, xorInto } from './ulpfec.ts';

/**
 * Collects packets of a flow for one parity packet (RFC 5109). For senders: packets have a header of 12 bytes, no
 * padding, no extension. Keeps one payload's worth of memory.
 */
export class ParityGroup {
  readonly #parity: Buffer;
  #base = 0;
  #offsets: number[] = [];
  #markerAndType = 0;
  #timestamp = 0;
  #length = 0;
  #longest = 0;

  /** @param maxPayloadBytes of the packets that are protected */
  constructor(maxPayloadBytes: number) {
    this.#parity = Buffer.alloc(maxPayloadBytes);
  }

  /** Packets in the group so far. */
  get count(): number {
    return this.#offsets.length;
  }

  /**
   * Takes a packet, whose header is complete. Sequence numbers of a group rise.
   * @throws RangeError when the payload is too large, or the number more than 47 above the group's first
   */
  add(packet: Buffer): void {
    const sequence = packet.readUInt16BE(2);
    if (this.#offsets.length === 0) this.#base = sequence;
    const offset = (sequence - this.#base) & 0xffff;
    const payload = packet.subarray(RTP_HEADER_BYTES);
    if (offset >= MAX_PARITY_SPAN || payload.length > this.#parity.length) throw new RangeError('not in this group');
    this.#offsets.push(offset);
    this.#markerAndType ^= packet[1]!;
    this.#timestamp ^= packet.readUInt32BE(4);
    this.#length ^= payload.length;
    this.#longest = Math.max(this.#longest, payload.length);
    xorInto(this.#parity, payload);
  }

  /**
   * Writes the payload of the parity packet at `at` and begins an empty group. Answers the bytes.
   * @throws RangeError when `target` has no room
   */
  finish(target: Buffer, at: number): number {
    const header = {
      base: this.#base,
      offsets: this.#offsets,
      flags: 0,
      markerAndType: this.#markerAndType,
      timestamp: this.#timestamp,
      length: this.#length,
      protectedBytes: this.#longest,
    };
    const bytes = fecHeaderBytes(header) + this.#longest;
    if (target.length - at < bytes) throw new RangeError('no room for a parity packet');
    const start = at + writeFecHeader(target, at, header);
    this.#parity.copy(target, start, 0, this.#longest);
    this.clear();
    return bytes;
  }

  /** Forgets the group. */
  clear(): void {
    this.#parity.fill(0);
    this.#offsets = [];
    this.#markerAndType = 0;
    this.#timestamp = 0;
    this.#length = 0;
    this.#longest = 0;
  }
}
