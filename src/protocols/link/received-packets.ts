import type { AckFrame } from './frames.ts';
import { type Range, RangeSet } from './range-set.ts';

/** Ranges that are remembered, and the most that an ACK tells of. */
const REMEMBERED_RANGES = 64;
const ACK_RANGES = 32;
/** An ACK repeats what so many before it told, as these may be lost. HAVE tells what falls out. */
const REPEATED_ACKS = 6;
/** Ack-eliciting packets after which an ACK goes out though its time has not come. */
const PACKETS_PER_ACK = 16;

/** Which packets of a path arrived, and when they must be acknowledged. */
export class ReceivedPackets {
  readonly #numbers = new RangeSet();
  readonly #maxAckDelayMs: number;
  #largest = -1;
  #largestMs = 0;
  #unacked = 0; // ack-eliciting packets since the last ACK
  #ackDueMs = Number.POSITIVE_INFINITY;
  duplicates = 0;
  readonly #told: number[] = []; // the largest number of each of the last ACKs, oldest first

  constructor(maxAckDelayMs: number) {
    this.#maxAckDelayMs = maxAckDelayMs;
  }

  /** When an ACK is due; infinity when none is. */
  get ackDueMs(): number {
    return this.#ackDueMs;
  }

  /** Whether an ACK would tell anything new. */
  get hasNews(): boolean {
    return this.#unacked > 0;
  }

  /** Whether a packet came before, or is so old that it cannot be told. */
  isDuplicate(number: number): boolean {
    const isKnown = this.#numbers.has(number) || number < (this.#numbers.first?.start ?? 0);
    if (isKnown) this.duplicates++;
    return isKnown;
  }

  /** A packet was taken in. `wantsAck`: it asks for an acknowledgement at once. */
  add(number: number, nowMs: number, isAckEliciting: boolean, wantsAck: boolean): void {
    this.#numbers.add(number, number + 1);
    // Old gaps close: what is missing there was sent again under another number long ago.
    while (this.#numbers.count > REMEMBERED_RANGES) this.#numbers.remove(0, this.#numbers.first!.end);
    if (number > this.#largest) {
      this.#largest = number;
      this.#largestMs = nowMs;
    }
    if (!isAckEliciting) return;
    this.#unacked++;
    const isDue = wantsAck || this.#unacked >= PACKETS_PER_ACK;
    this.#ackDueMs = Math.min(this.#ackDueMs, isDue ? nowMs : nowMs + this.#maxAckDelayMs);
  }

  /** The ACK of all that came; it counts as sent. Undefined when nothing ever came. */
  takeAck(nowMs: number): AckFrame | undefined {
    if (this.#largest < 0) return undefined;
    this.#unacked = 0;
    this.#ackDueMs = Number.POSITIVE_INFINITY;
    const ranges: Range[] = [];
    const { count } = this.#numbers;
    const from = this.#told.length < REPEATED_ACKS ? -1 : this.#told.shift()!;
    this.#told.push(this.#largest);
    for (let index = count - 1; index >= Math.max(0, count - ACK_RANGES); index--) {
      const range = this.#numbers.at(index)!;
      if (ranges.length > 0 && range.end <= from) break;
      ranges.push(range);
    }
    return { type: 'ack', delayMs: nowMs - this.#largestMs, ranges };
  }
}
