/** Requests of the burst at the beginning, and the time between them (RFC 5905 13.1 and 13.4: BCOUNT, BTIME). */
const BURST_REQUESTS = 8;
const BURST_INTERVAL_MS = 2_000;
/** 2^6 and 2^10 s (RFC 5905 7.2: MINPOLL, and SNTP's courtesy). */
const MIN_INTERVAL_MS = 64_000;
const MAX_INTERVAL_MS = 1_024_000;

/**
 * When a server is asked next: a burst of eight, then every 64 s; slower on RATE and when no answer comes; never again
 * on DENY and RSTR (RFC 5905 7.4, 14). Pure: the owner keeps the timer.
 */
export class NtpPolls {
  #requests = 0;
  #intervalMs = MIN_INTERVAL_MS;
  #unanswered = 0;
  #isOver = false;

  /** Notes a request; answers how long to wait before the next one, or undefined when there is none. */
  next(random: number): number | undefined {
    if (this.#isOver) return undefined;
    this.#requests++;
    this.#unanswered++;
    if (this.#unanswered > BURST_REQUESTS) this.#slower();
    const isBurst = this.#requests < BURST_REQUESTS && this.#intervalMs === MIN_INTERVAL_MS;
    return (isBurst ? BURST_INTERVAL_MS : this.#intervalMs) * (0.95 + 0.1 * random);
  }

  /** A good answer came. */
  answered(): void {
    this.#unanswered = 0;
  }

  /** A kiss of death came. */
  kissed(demand: 'stop' | 'slow'): void {
    if (demand === 'stop') this.#isOver = true;
    else this.#slower();
  }

  /** Whether the server has told us to go. */
  get isOver(): boolean {
    return this.#isOver;
  }

  #slower(): void {
    this.#requests = BURST_REQUESTS;
    this.#intervalMs = Math.min(MAX_INTERVAL_MS, this.#intervalMs * 2);
  }
}
