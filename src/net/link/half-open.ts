import type { Clock } from '../../core/clock.ts';
import type { Refusals } from './refusals.ts';
import { WakeTimer } from './wake-timer.ts';

/** A connection that has not shown yet that a session follows. */
export interface HalfOpenEntry {
  /** Closes it and forgets what is kept of it. */
  drop(): void;
}

const EXPIRES_MS = 10_000;
const MAX_ENTRIES = 1024;

interface Held<Entry> {
  readonly entry: Entry;
  readonly expiresMs: number;
}

/** Connections between their first message and their first genuine record: 10 s each, at most 1,024, the oldest go. */
export class HalfOpen<Entry extends HalfOpenEntry> {
  readonly #clock: Clock;
  readonly #refusals: Refusals;
  readonly #held = new Map<string, Held<Entry>>(); // the oldest first
  readonly #timer: WakeTimer;

  constructor(clock: Clock, refusals: Refusals) {
    this.#clock = clock;
    this.#refusals = refusals;
    this.#timer = new WakeTimer(clock, () => this.#expire());
  }

  get size(): number {
    return this.#held.size;
  }

  get(key: string): Entry | undefined {
    return this.#held.get(key)?.entry;
  }

  add(key: string, entry: Entry): void {
    const expiresMs = this.#clock.nowMs() + EXPIRES_MS;
    this.#held.set(key, { entry, expiresMs });
    this.#timer.at(expiresMs, expiresMs);
    if (this.#held.size > MAX_ENTRIES) this.#dropOldest('half_open_dropped');
  }

  /** It is a session's now, or gone. */
  remove(key: string): void {
    this.#held.delete(key);
  }

  /** Drops all. */
  close(): void {
    this.#timer.cancel();
    for (const { entry } of this.#held.values()) entry.drop();
    this.#held.clear();
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs();
    for (let oldest = this.#oldest; oldest && oldest.expiresMs <= nowMs; oldest = this.#oldest) {
      this.#dropOldest('half_open_expired');
    }
    const next = this.#oldest;
    if (next) this.#timer.at(next.expiresMs, nowMs + 1);
  }

  get #oldest(): Held<Entry> | undefined {
    return this.#held.values().next().value;
  }

  #dropOldest(reason: 'half_open_dropped' | 'half_open_expired'): void {
    const [first] = this.#held;
    if (!first) return;
    this.#held.delete(first[0]);
    this.#refusals.count(reason);
    first[1].entry.drop();
  }
}
