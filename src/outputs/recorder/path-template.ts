import { cleanText } from '../../core/text.ts';

/** Fields of a local or UTC time, for names. */
interface TimeFields {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const MAX_SLUG_LENGTH = 48;
const DAY_MS = 86_400_000;

const digits = (value: number, length: number) => String(value).padStart(length, '0');

/** strftime (POSIX.1-2024) for the fields that make sense in a recording's name. */
const FIELDS: ReadonlyMap<string, (time: TimeFields) => string> = new Map([
  ['Y', (time) => digits(time.year, 4)],
  ['m', (time) => digits(time.month, 2)],
  ['d', (time) => digits(time.day, 2)],
  ['H', (time) => digits(time.hour, 2)],
  ['M', (time) => digits(time.minute, 2)],
  ['S', (time) => digits(time.second, 2)],
  ['j', (time) => digits(dayOfYear(time), 3)],
  ['V', (time) => digits(isoWeek(time).week, 2)],
  ['G', (time) => digits(isoWeek(time).year, 4)],
]);

const PLACEHOLDER = /%(?:\{(\w*)\}|(.?))/g;

/** What is wrong with a template, for the person who wrote it; undefined when it is well. */
export function templateProblem(template: string): string | undefined {
  if (template.includes('\0')) return 'a path holds no NUL';
  if (/(?:^|[/\\])$/.test(template)) return 'the path must end with a file name';
  for (const [whole, name, field] of template.matchAll(PLACEHOLDER)) {
    const isKnown = name === undefined ? field === '%' || FIELDS.has(field!) : name === 'stream';
    if (!isKnown) return `${whole} is not known; use %Y %m %d %H %M %S %j %G %V %% or %{stream}`;
  }
  return undefined;
}

/** How a `PathTemplate` is filled. */
export interface PathTemplateOptions {
  /** Checked by `templateProblem`. */
  readonly template: string;
  readonly streamName: string;
  readonly timezone: 'local' | 'utc';
}

/** A path with strftime placeholders. What is filled in holds no separator, so that the path cannot leave its folder. */
export class PathTemplate {
  readonly #options: PathTemplateOptions;
  readonly #slug: string;
  #second = Number.NaN;
  #expanded = '';

  constructor(options: PathTemplateOptions) {
    this.#options = options;
    this.#slug = slug(options.streamName);
  }

  /** The path for a time in UTC milliseconds; cheap when asked again for the same second. */
  expand(utcMs: number): string {
    const second = Math.floor(utcMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#expanded = this.#fill(new Date(utcMs));
    }
    return this.#expanded;
  }

  #fill(date: Date): string {
    const time = this.#options.timezone === 'utc' ? utcFields(date) : localFields(date);
    return this.#options.template.replace(PLACEHOLDER, (_, name: string | undefined, field: string) => {
      if (name !== undefined) return this.#slug;
      return FIELDS.get(field)?.(time) ?? '%';
    });
  }
}

function localFields(date: Date): TimeFields {
  return {
    year: date.getFullYear(),
    month: date.getMonth() + 1,
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
  };
}

function utcFields(date: Date): TimeFields {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

function dayOfYear({ year, month, day }: TimeFields): number {
  return (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / DAY_MS + 1;
}

/** ISO 8601: a week begins on Monday and belongs to the year of its Thursday. */
function isoWeek({ year, month, day }: TimeFields): { year: number; week: number } {
  const date = Date.UTC(year, month - 1, day);
  const daysSinceMonday = (new Date(date).getUTCDay() + 6) % 7;
  const thursday = date + (3 - daysSinceMonday) * DAY_MS;
  const weekYear = new Date(thursday).getUTCFullYear();
  return { year: weekYear, week: Math.floor((thursday - Date.UTC(weekYear, 0, 1)) / DAY_MS / 7) + 1 };
}

const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** A stream's name as one harmless part of a path. */
function slug(name: string): string {
  const safe = cleanText(name)
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '');
  const bounded = [...safe]
    .slice(0, MAX_SLUG_LENGTH)
    .join('')
    .replace(/[.-]+$/, '');
  if (bounded === '') return 'stream';
  return RESERVED_ON_WINDOWS.test(bounded) ? `_${bounded}` : bounded;
}
