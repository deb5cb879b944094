/** When a missing packet is asked for, and how often. */
export interface NackPlanOptions {
  /** How long a packet may be missing before it is asked for: it may only have been overtaken. */
  readonly patienceMs: number;
  /** The time between two requests for one packet: about one round trip and a half. */
  readonly retryMs: number;
  /** Requests for one packet, at most. */
  readonly maxTries: number;
  /** Requests per second, at most, over all packets: what is received never makes us send more. */
  readonly maxPerSecond: number;
}

/** Packets whose requests are remembered. */
const MAX_ASKED = 4096;

interface Asked {
  firstSeenMs: number;
  lastAskedMs: number;
  tries: number;
}

/**
 * Chooses the missing packets that are worth a NACK now (RFC 4585 6.2.1). Pure: the owner tells what is missing and
 * what time it is, and sends what it is told.
 */
export class NackPlan {
  readonly #options: NackPlanOptions;
  readonly #asked = new Map<number, Asked>();
  #allowance: number;
  #allowanceMs: number | undefined;

  constructor(options: NackPlanOptions) {
    this.#options = options;
    this.#allowance = options.maxPerSecond;
  }

  /**
   * The extended sequence numbers to ask for now, ascending.
   * @param missing all that is missing and still of use, ascending; what is not named any more is forgotten
   */
  due(missing: readonly number[], nowMs: number): number[] {
    this.#refill(nowMs);
    this.#forgetAllBut(missing);
    const due: number[] = [];
    for (const sequence of missing) {
      const asked = this.#asked.get(sequence) ?? this.#firstSight(sequence, nowMs);
      if (!asked || !this.#isDue(asked, nowMs)) continue;
      if (this.#allowance < 1) break;
      this.#allowance--;
      asked.tries++;
      asked.lastAskedMs = nowMs;
      due.push(sequence);
    }
    return due;
  }

  #firstSight(sequence: number, nowMs: number): Asked | undefined {
    if (this.#asked.size >= MAX_ASKED) return undefined;
    const asked = { firstSeenMs: nowMs, lastAskedMs: 0, tries: 0 };
    this.#asked.set(sequence, asked);
    return asked;
  }

  #isDue(asked: Asked, nowMs: number): boolean {
    if (asked.tries >= this.#options.maxTries) return false;
    if (asked.tries === 0) return nowMs - asked.firstSeenMs >= this.#options.patienceMs;
    return nowMs - asked.lastAskedMs >= this.#options.retryMs;
  }

  #refill(nowMs: number): void {
    const elapsedMs = nowMs - (this.#allowanceMs ?? nowMs);
    this.#allowanceMs = nowMs;
    const { maxPerSecond } = this.#options;
    this.#allowance = Math.min(maxPerSecond, this.#allowance + (elapsedMs * maxPerSecond) / 1000);
  }

  #forgetAllBut(missing: readonly number[]): void {
    if (this.#asked.size === 0) return;
    const still = new Set(missing);
    for (const sequence of this.#asked.keys()) if (!still.has(sequence)) this.#asked.delete(sequence);
  }
}
