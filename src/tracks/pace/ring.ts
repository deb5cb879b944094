/**
 * Packets on their way from the main thread to the pacing worker: a ring of equal cells in shared memory, one
 * writer, one reader, no locks. A packet carries the number of the slot it belongs to, so that a hole in the ring
 * moves nothing in time.
 *
 * Layout: three 32-bit counters, each on a cache line of its own (written, read, ended), then the cells: bytes of
 * the packet (u32), slot modulo 2^32 (u32), the packet. Numbers are in the machine's byte order.
 * @module
 */

const WRITTEN = 0;
const READ = 16;
const ENDED = 32;
const COUNTER_BYTES = 192;
const CELL_HEAD_BYTES = 8;
/** At most this many bytes for one ring. */
const MAX_RING_BYTES = 2 ** 28;

/** The size of a ring. `cells` is a power of two, `packetBytes` the largest packet. */
export interface RingShape {
  readonly cells: number;
  readonly packetBytes: number;
}

/** The shape of a ring for at least `packets` packets of at most `packetBytes`. */
export function ringShape(packets: number, packetBytes: number): RingShape {
  return { cells: 2 ** Math.max(1, Math.ceil(Math.log2(packets))), packetBytes };
}

/**
 * The memory of a ring, zeroed.
 * @throws RangeError when the shape is not that of a ring, or too large
 */
export function allocateRing(shape: RingShape): SharedArrayBuffer {
  const { cells, packetBytes } = shape;
  const bytes = COUNTER_BYTES + cells * cellBytes(shape);
  if (!(Number.isInteger(Math.log2(cells)) && packetBytes > 0 && bytes <= MAX_RING_BYTES)) {
    throw new RangeError(`no ring of ${cells} cells for ${packetBytes} bytes`);
  }
  return new SharedArrayBuffer(bytes);
}

function cellBytes({ packetBytes }: RingShape): number {
  return CELL_HEAD_BYTES + Math.ceil(packetBytes / 8) * 8;
}

/** What both ends know: counters, cell heads and the view of each cell's packet. */
class RingView {
  protected readonly counters: Int32Array;
  protected readonly heads: Uint32Array;
  protected readonly packets: readonly Buffer[];
  protected readonly mask: number;
  readonly #headStep: number;

  constructor(memory: SharedArrayBuffer, shape: RingShape) {
    const step = cellBytes(shape);
    this.counters = new Int32Array(memory, 0, COUNTER_BYTES / 4);
    this.heads = new Uint32Array(memory);
    this.mask = shape.cells - 1;
    this.#headStep = step / 4;
    this.packets = Array.from({ length: shape.cells }, (_, cell) =>
      Buffer.from(memory, COUNTER_BYTES + cell * step + CELL_HEAD_BYTES, shape.packetBytes),
    );
  }

  protected headAt(count: number): number {
    return COUNTER_BYTES / 4 + (count & this.mask) * this.#headStep;
  }

  protected get waiting(): number {
    return (Atomics.load(this.counters, WRITTEN) - Atomics.load(this.counters, READ)) | 0;
  }
}

/** The main thread's end of a ring. Only one writer exists for a ring. */
export class RingWriter extends RingView {
  /** Writes the same first bytes (a header) into every cell; packets then begin with them. Only before the first packet. */
  prefill(header: Uint8Array): void {
    for (const packet of this.packets) packet.set(header);
  }

  /** Packets that wait to be sent. */
  get filled(): number {
    return this.waiting;
  }

  /** Packets that can be written now. */
  get free(): number {
    return this.mask + 1 - this.waiting;
  }

  /** Where the next packet is written, with all the cell's bytes. Valid until `commit`, and only while `free` is above 0. */
  get packet(): Buffer {
    return this.packets[Atomics.load(this.counters, WRITTEN) & this.mask]!;
  }

  /**
   * Hands over the packet that `packet` holds.
   * @param bytes its size
   * @param slot the slot at which it leaves; never less than that of the packet before; equal ones leave together
   */
  commit(bytes: number, slot: number): void {
    const written = Atomics.load(this.counters, WRITTEN);
    const head = this.headAt(written);
    this.heads[head] = bytes;
    this.heads[head + 1] = slot % 2 ** 32;
    Atomics.store(this.counters, WRITTEN, (written + 1) | 0);
  }

  /**
   * A packet that has left, as it left, as long as its cell was not written again; undefined otherwise.
   * @param index of all packets that were committed, from 0, modulo 2^32
   */
  sentPacket(index: number): Buffer | undefined {
    const before = (Atomics.load(this.counters, READ) - index) | 0;
    const age = (Atomics.load(this.counters, WRITTEN) - index) | 0;
    if (before <= 0 || age >= this.mask + 1) return undefined;
    const bytes = this.heads[this.headAt(index)]!;
    return this.packets[index & this.mask]!.subarray(0, bytes);
  }

  /** Packets that have left so far, modulo 2^32. */
  get sent(): number {
    return Atomics.load(this.counters, READ) >>> 0;
  }

  /** Nothing comes after what was committed. */
  end(): void {
    Atomics.store(this.counters, ENDED, 1);
  }
}

/** The worker's end of a ring. */
export class RingReader extends RingView {
  /** True when a packet waits; `bytes`, `slot` and `packet` tell of it. */
  get hasPacket(): boolean {
    return this.waiting > 0;
  }

  /** True when nothing waits and nothing will come. */
  get isOver(): boolean {
    return Atomics.load(this.counters, ENDED) === 1 && this.waiting === 0;
  }

  /** The size of the waiting packet. */
  get bytes(): number {
    return this.heads[this.headAt(this.counters[READ]!)]!;
  }

  /** The slot of the waiting packet, modulo 2^32. */
  get slot(): number {
    return this.heads[this.headAt(this.counters[READ]!) + 1]!;
  }

  /** The waiting packet's cell; its first `bytes` bytes are the packet. Valid until `release`. */
  get packet(): Buffer {
    return this.packets[this.counters[READ]! & this.mask]!;
  }

  /** The packet was sent; its cell can be written again. */
  release(): void {
    Atomics.store(this.counters, READ, (this.counters[READ]! + 1) | 0);
  }
}
