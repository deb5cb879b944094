/**
 * The newest lines of the log, for the pages: in words, bounded, without secrets.
 * @module
 */
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { LogFields, Logger } from '../../core/logger.ts';
import { cleanText } from '../../core/text.ts';

/** How serious an entry is; what is only for the search of faults is not kept. */
export type EntryLevel = 'info' | 'warn' | 'error';

/** One line of the log. */
export interface LogEntry {
  /** Counts up by one, from a number that no run of the node before came to. */
  readonly id: number;
  /** ISO 8601. */
  readonly utc: string;
  readonly level: EntryLevel;
  /** The stream that it is about; missing when it is about the node. */
  readonly stream?: string;
  readonly text: string;
  /** Named values that go with it, as text. */
  readonly detail?: Readonly<Record<string, string>>;
}

/** Which entries are wanted. */
export interface EntryFilter {
  /** Entries with a higher id. */
  readonly after?: number | undefined;
  /** This level and what is more serious. */
  readonly level?: EntryLevel | undefined;
  readonly stream?: string | undefined;
  /** The newest so many; at most all that are kept. */
  readonly limit?: number | undefined;
}

/** What an event log is made of. */
export interface EventLogOptions {
  readonly clock: Clock;
  /** Texts that never appear. */
  readonly secrets?: readonly string[];
}

const KEPT = 1000;
const MAX_TEXT = 400;
const MAX_VALUE = 200;
const MAX_FIELDS = 12;
const LEVELS: readonly EntryLevel[] = ['info', 'warn', 'error'];
const URL_CREDENTIALS = /(\/\/)[^/@\s]{1,1024}@/g;
const SECRET_FIELD = /pass(word|wd)?$|secret|token|authorization|cookie|credential/i;
/** Shorter values would blot out ordinary words. */
const MIN_SECRET_LENGTH = 6;
const HIDDEN = '[hidden]';

/** Keeps the newest 1,000 entries. */
export class EventLog {
  readonly #clock: Clock;
  #secrets: readonly string[];
  #entries: LogEntry[] = [];
  #nextId: number;
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  constructor({ clock, secrets = [] }: EventLogOptions) {
    this.#clock = clock;
    this.#nextId = Math.floor(clock.utcMs() / 1000) * 1000 + 1;
    this.#secrets = secrets;
  }

  /** Takes the secrets of another configuration; those of before stay hidden too. */
  hide(secrets: readonly string[]): void {
    this.#secrets = [...new Set([...this.#secrets, ...secrets])].slice(-10_000);
  }

  /** A logger that writes to `log` and keeps what it writes here. */
  tee(log: Logger): Logger {
    return this.#tee(log, {});
  }

  /** The newest entries that fit, oldest first. */
  entries({ after = 0, level = 'info', stream, limit = KEPT }: EntryFilter = {}): LogEntry[] {
    const least = LEVELS.indexOf(level);
    const found = this.#entries.filter(
      (entry) =>
        entry.id > after && LEVELS.indexOf(entry.level) >= least && (stream === undefined || entry.stream === stream),
    );
    return limit < found.length ? found.slice(found.length - limit) : found;
  }

  /** Calls back with each new entry. Returns the unsubscriber. */
  onEntry(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tee(log: Logger, fixed: LogFields): Logger {
    const keep = (level: EntryLevel) => (message: string, fields?: LogFields) => {
      log[level](message, fields);
      this.#keep(level, message, { ...fixed, ...fields });
    };
    return {
      debug: (message, fields) => log.debug(message, fields),
      info: keep('info'),
      warn: keep('warn'),
      error: keep('error'),
      child: (fields) => this.#tee(log.child(fields), { ...fixed, ...fields }),
    };
  }

  #keep(level: EntryLevel, message: string, { stream, ...fields }: LogFields): void {
    const detail = this.#detail(fields);
    const entry: LogEntry = {
      id: this.#nextId++,
      utc: new Date(this.#clock.utcMs()).toISOString(),
      level,
      ...(typeof stream === 'string' ? { stream: cleanText(stream, 64) } : {}),
      text: this.#clean(message, MAX_TEXT),
      ...(detail && { detail }),
    };
    this.#entries.push(entry);
    // Rarely, so that a line does not move a thousand others.
    if (this.#entries.length > KEPT + 100) this.#entries = this.#entries.slice(-KEPT);
    for (const listener of this.#listeners) listener(entry);
  }

  #detail(fields: LogFields): Record<string, string> | undefined {
    const shown = Object.entries(fields)
      .filter(([, value]) => value !== undefined && value !== null && typeof value !== 'function')
      .slice(0, MAX_FIELDS)
      // A stack is for who mends the program; it stands in the log itself.
      .filter(([name]) => name !== 'stack' && name !== 'error')
      .map(([name, value]) => [name, SECRET_FIELD.test(name) ? HIDDEN : this.#clean(textOf(value), MAX_VALUE)]);
    return shown.length === 0 ? undefined : Object.fromEntries(shown);
  }

  #clean(text: string, maxLength: number): string {
    let plain = cleanText(text, maxLength).replace(URL_CREDENTIALS, `$1${HIDDEN}@`);
    for (const secret of this.#secrets) {
      if (secret.length >= MIN_SECRET_LENGTH) plain = plain.replaceAll(secret, HIDDEN);
    }
    return plain;
  }
}

function textOf(value: unknown): string {
  if (value instanceof Error) return reasonOf(value);
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value).slice(0, 2 * MAX_VALUE);
  } catch {
    return '...';
  }
}
