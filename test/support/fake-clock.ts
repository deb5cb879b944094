import type { Clock, Timer } from '../../src/core/clock.ts';

interface Pending {
  dueMs: number;
  order: number;
  periodMs: number | undefined;
  task: () => void;
}

/** A clock that stands still until a test turns it. Timers fire in order of their due time. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #pending = new Set<Pending>();
  readonly startUtcMs: number;

  constructor(startUtcMs = Date.UTC(2026, 0, 1)) {
    this.startUtcMs = startUtcMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  utcMs(): number {
    return this.startUtcMs + this.#nowMs;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#add(delayMs, undefined, task);
  }

  every(periodMs: number, task: () => void): Timer {
    return this.#add(periodMs, periodMs, task);
  }

  /** How many timers are waiting; a test asserts 0 after a shutdown. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Moves time forward and fires what falls due, without letting promises run in between. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) this.#fire(next);
    this.#nowMs = endMs;
  }

  /** As `advance`, but lets promise callbacks run after each timer. */
  async run(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#fire(next);
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  #add(delayMs: number, periodMs: number | undefined, task: () => void): Timer {
    const entry: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, periodMs, task };
    this.#pending.add(entry);
    return { cancel: () => this.#pending.delete(entry) };
  }

  #next(endMs: number): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.dueMs > endMs) continue;
      if (!best || entry.dueMs < best.dueMs || (entry.dueMs === best.dueMs && entry.order < best.order)) best = entry;
    }
    return best;
  }

  #fire(entry: Pending): void {
    this.#nowMs = entry.dueMs;
    if (entry.periodMs === undefined) this.#pending.delete(entry);
    else entry.dueMs += Math.max(1, entry.periodMs);
    entry.task();
  }
}

/** Lets all promise callbacks that are ready run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}
