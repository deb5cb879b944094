import { allowedHint } from '../issues.ts';
import type { Position, ProblemList } from '../problems.ts';
import type { IniEntry, IniSection } from './ini.ts';
import type { KeySpec, KeySpecs } from './keys.ts';

const TRUE = /^(yes|true|t|1)$/i;
const FALSE = /^(no|false|f|0|off)$/i;
const NUMBER = /^-?\d{1,9}(\.\d{1,3})?$/;

/** What reading a section needs for its complaints. */
export interface ReaderContext {
  readonly problems: ProblemList;
  readonly warnings: string[];
}

/** Reads the keys of one section by their specification; complaints name the line. */
export class SectionReader {
  readonly #section: IniSection;
  readonly #specs: KeySpecs;
  readonly #problems: ProblemList;

  /** @param mode named in warnings of unknown keys */
  constructor(section: IniSection, specs: KeySpecs, mode: string | undefined, { problems, warnings }: ReaderContext) {
    this.#section = section;
    this.#specs = specs;
    this.#problems = problems;
    for (const entry of section.entries.values()) {
      if (entry.key === 'MODE' || specs[entry.key]) continue;
      const place = mode ? ` in the mode ${mode}` : '';
      warnings.push(
        `${entry.where}: there is no such key${place}; it is ignored. ${allowedHint(entry.key, Object.keys(specs))}`,
      );
    }
  }

  /** The entry of a key, if it is written. */
  entry(key: string): IniEntry | undefined {
    return this.#section.entries.get(key);
  }

  /** Where a key stands, else its section. */
  positionOf(key: string): Position | undefined {
    return this.entry(key)?.position ?? this.#section.position;
  }

  /** How messages name a key. */
  whereOf(key: string): string {
    return this.entry(key)?.where ?? `${this.#section.where} ${key}`;
  }

  /** A key's text, or its default. */
  text(key: string): string {
    return this.entry(key)?.value ?? this.#spec(key).default;
  }

  /** A text that must be there. */
  required(key: string): string {
    const text = this.text(key);
    if (text === '') this.#fail(key, 'this key is missing');
    return text;
  }

  /** A number within bounds; whole for the kinds that count things. */
  number(key: string, min = 0, max = 999_999_999): number {
    const text = this.text(key);
    const { kind } = this.#spec(key);
    const value = Number(text);
    const whole = kind !== 'seconds' && kind !== 'number';
    if (!NUMBER.test(text) || (whole && !Number.isInteger(value))) {
      this.#fail(key, `expected ${whole ? 'a whole number' : 'a number'}`);
    } else if (value < min || value > max) {
      this.#fail(key, `must be from ${min} to ${max}`);
    } else {
      return value;
    }
    return Number(this.#spec(key).default);
  }

  /** `yes`, `true`, `t` or `1` in any case are true; `no`, `false`, `f` or `0` false; anything else is a problem. */
  boolean(key: string): boolean {
    const text = this.text(key);
    if (!TRUE.test(text) && !FALSE.test(text)) this.#fail(key, 'expected yes or no');
    return TRUE.test(text);
  }

  #spec(key: string): KeySpec {
    const spec = this.#specs[key];
    if (!spec) throw new RangeError(`no specification of ${key}`);
    return spec;
  }

  #fail(key: string, reason: string): void {
    const hint = this.#spec(key).meaning;
    this.#problems.add('CONFIG_INVALID', { where: this.whereOf(key), reason, hint }, this.positionOf(key));
  }
}
