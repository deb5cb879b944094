import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import { limitPrefixes } from './limit-prefixes.ts';

/** Why something was turned away; the names of the counters. */
export type RefusalReason =
  | 'garbage'
  | 'version_mismatch'
  | 'unknown_connection'
  | 'unproven_limit'
  | 'handshake_limit'
  | 'wrong_credentials'
  | 'wrong_key'
  | 'unknown_peer'
  | 'half_open_expired'
  | 'half_open_dropped'
  | 'too_many_sessions'
  | 'malformed_record'
  | 'old_record'
  | 'duplicate_record'
  | 'future_record'
  | 'forged_record'
  | 'protocol_violation'
  | 'stream_refused';

/** One line for a reason and a network in this time. */
const QUIET_MS = 600_000;
const MAX_KEYS = 1024;
/** Lines for all networks together: so many at once, then one each period. */
const MAX_LINES = 20;
const LINE_PERIOD_MS = 10_000;

/** Counts who was turned away, and tells the first of each network in one line. Holds at most 1,024 networks. */
export class Refusals {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #totals = new Map<string, number>();
  readonly #toldMs = new Map<string, number>();
  #lines = MAX_LINES;
  #linesMs = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Totals by reason. */
  get totals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#totals);
  }

  /** Counts without a line: what happens on any line, or what anybody can cause by the thousand. */
  count(reason: RefusalReason | `stream_${string}`): void {
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + 1);
  }

  /** Counts, and tells it unless the same reason was told of that network lately. `words` end the sentence. */
  turnAway(reason: RefusalReason, address: string, words: string): void {
    this.count(reason);
    const network = limitPrefixes(address)[0] ?? 'unknown';
    if (!this.#mayTell(`${reason} ${network}`)) return;
    this.#log.warn(`a link from ${address} was refused: ${words}`, { reason });
  }

  #mayTell(key: string): boolean {
    const nowMs = this.#clock.nowMs();
    const toldMs = this.#toldMs.get(key);
    if (toldMs !== undefined && nowMs - toldMs < QUIET_MS) return false;
    const earned = Math.floor((nowMs - this.#linesMs) / LINE_PERIOD_MS);
    if (earned > 0) {
      this.#lines = Math.min(MAX_LINES, this.#lines + earned);
      this.#linesMs += earned * LINE_PERIOD_MS;
    }
    if (this.#lines === 0) return false;
    this.#lines--;
    this.#toldMs.delete(key);
    this.#toldMs.set(key, nowMs);
    if (this.#toldMs.size > MAX_KEYS) this.#toldMs.delete(this.#toldMs.keys().next().value!);
    return true;
  }
}
