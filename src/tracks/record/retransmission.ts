import { NackPlan } from '../../protocols/rtp/nack-plan.ts';

/** What is missing of a flow: the part of a `FlowLine` that requests are made from. */
export interface MissingPackets {
  /** Packets before this one are of no use any more. */
  readonly oldestUseful: number;
  missingSequences(limit: number): number[];
}

/** Packets that are asked for in one datagram at most. */
const MAX_REQUESTED = 200;
/** Whoever has not answered that many requests in a row does not answer at all, or the line is down: asked rarely. */
const MAX_UNANSWERED = 200;
const RETRY_AFTER_MS = 500;
const MAX_PER_SECOND = 1000;
const MIN_PER_SECOND = 50;
/** Of a packet in each tick, with the headers of UDP and IP. */
const DATAGRAMS_PER_SECOND = 20;
const DATAGRAM_BYTES = 40;
const ENTRY_BYTES = 4;

/** Asks for the lost packets of one flow while they may still come in time (RFC 4585 6.2.1). Pure. */
export class Retransmission {
  readonly #line: MissingPackets;
  readonly #plan: NackPlan;
  readonly #asked = new Set<number>();
  #unanswered = 0;
  #silentUntilMs = 0;
  #repaired = 0;

  /**
   * @param bufferMs how long a packet is waited for: the jitter buffer
   * @param bitsPerSecond of the flow: requests stay within its share for RTCP
   */
  constructor(line: MissingPackets, bufferMs: number, bitsPerSecond: number) {
    this.#line = line;
    this.#plan = new NackPlan({
      patienceMs: Math.min(20, bufferMs / 8),
      retryMs: Math.min(100, bufferMs / 4),
      maxTries: 8,
      maxPerSecond: requestsPerSecond(bitsPerSecond),
    });
  }

  /** Packets that came after they had been asked for. */
  get repaired(): number {
    return this.#repaired;
  }

  /** The extended sequence numbers to ask for now, ascending. To be called several times within the buffer's length. */
  due(nowMs: number): number[] {
    const missing = this.#line.missingSequences(MAX_REQUESTED);
    this.#account(missing, nowMs);
    if (nowMs < this.#silentUntilMs) return [];
    const due = this.#plan.due(missing, nowMs);
    for (const sequence of due) this.#asked.add(sequence);
    return due;
  }

  // What was asked for and is not missing any more has come, unless its time was over.
  #account(missing: readonly number[], nowMs: number): void {
    if (this.#asked.size === 0) return;
    const still = new Set(missing);
    const { oldestUseful } = this.#line;
    for (const sequence of this.#asked) {
      const isOver = sequence < oldestUseful;
      if (still.has(sequence) && !isOver) continue;
      this.#asked.delete(sequence);
      if (isOver) this.#unanswered++;
      else {
        this.#repaired++;
        this.#unanswered = 0;
      }
    }
    if (this.#unanswered < MAX_UNANSWERED) return;
    this.#unanswered = MAX_UNANSWERED - 1;
    this.#silentUntilMs = nowMs + RETRY_AFTER_MS;
  }
}

// RTCP has a twentieth of a flow's rate (RFC 3550 6.2): datagrams without their entries, and four bytes for each entry.
function requestsPerSecond(bitsPerSecond: number): number {
  const bytes = bitsPerSecond / 8 / 20 - DATAGRAMS_PER_SECOND * DATAGRAM_BYTES;
  return Math.max(MIN_PER_SECOND, Math.min(MAX_PER_SECOND, Math.floor(bytes / ENTRY_BYTES)));
}
