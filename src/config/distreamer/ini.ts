/**
 * INI text as DiStreamer's files have it: sections, `KEY=value` or `KEY: value`,
 * comments with `#` or `;`. Keys and sections are the same in any case.
 * @module
 */
import { formatWhere, type Position, type ProblemList } from '../problems.ts';

/** One key with its value. */
export interface IniEntry {
  /** In capitals. */
  readonly key: string;
  readonly value: string;
  /** How messages name the place: `distreamer.conf:7:1: [INPUT] STREAMURL`. */
  readonly where: string;
  /** Undefined for a variable of the environment. */
  readonly position: Position | undefined;
}

/** A section; sections of the same name are one. */
export interface IniSection {
  /** In capitals, spaces made single: `INPUT`, `INPUT JAZZ`. */
  readonly name: string;
  /** As written. */
  readonly title: string;
  readonly where: string;
  readonly position: Position | undefined;
  readonly entries: ReadonlyMap<string, IniEntry>;
}

/** The sections of a file by name, in their order. */
export type Ini = ReadonlyMap<string, IniSection>;

const SECTION = /^\[([^\]]{1,80})\]\s*(?:[#;].*)?$/;
const ENTRY = /^([A-Za-z][A-Za-z0-9_]{0,63})\s*[=:](.*)$/;
const MAX_LINES = 10_000;

type MutableSection = IniSection & { readonly entries: Map<string, IniEntry> };

/** Parses a file. What is no INI is a problem (CONFIG_SYNTAX); a key that stands twice is a warning, and the last counts. */
export function parseIni(text: string, origin: string, problems: ProblemList, warnings: string[]): Ini {
  const sections = new Map<string, MutableSection>();
  let current: MutableSection | undefined;
  const lines = text.split(/\r\n|\n|\r/, MAX_LINES);
  for (const [index, line] of lines.entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const position = { line: index + 1, column: line.indexOf(content[0]!) + 1 };
    const place = formatWhere(origin, position, []);
    const title = SECTION.exec(content)?.[1];
    if (title !== undefined) {
      current = openSection(sections, title, place, position);
      continue;
    }
    const reason = entryProblem(content, current);
    if (reason) problems.add('CONFIG_SYNTAX', { where: place, reason }, position);
    else addEntry(current!, content, place, position, warnings);
  }
  return sections;
}

function openSection(
  sections: Map<string, MutableSection>,
  title: string,
  where: string,
  position: Position,
): MutableSection {
  const name = title.trim().toUpperCase().replace(/\s+/g, ' ');
  const known = sections.get(name);
  if (known) return known;
  const section = { name, title: title.trim(), where: `${where}: [${title.trim()}]`, position, entries: new Map() };
  sections.set(name, section);
  return section;
}

function entryProblem(content: string, section: IniSection | undefined): string | undefined {
  if (!ENTRY.test(content)) return 'expected KEY=value, a [SECTION] or a comment with #';
  return section ? undefined : 'expected a section such as [INPUT] before the first key';
}

function addEntry(
  section: MutableSection,
  content: string,
  place: string,
  position: Position,
  warnings: string[],
): void {
  const [, name, rest] = ENTRY.exec(content)!;
  const key = name!.toUpperCase();
  const where = `${place}: [${section.title}] ${key}`;
  if (section.entries.has(key)) warnings.push(`${where} stands there twice; the last one counts`);
  section.entries.set(key, { key, value: withoutComment(rest!.trim()), where, position });
}

/** A comment behind a value begins with a blank and `;`, as the original's reader has it. */
function withoutComment(value: string): string {
  const at = value.search(/\s;/);
  return at < 0 ? (value.startsWith(';') ? '' : value) : value.slice(0, at).trim();
}

const VARIABLE = /^DS_(GENERAL|INPUT|OUTPUT)_([A-Z0-9_]{1,64})$/;

/** The sections that `DS_GENERAL_*`, `DS_INPUT_*` and `DS_OUTPUT_*` variables make; undefined when there are none. */
export function iniOfEnvironment(env: Readonly<Record<string, string | undefined>>): Ini | undefined {
  const sections = new Map<string, MutableSection>();
  for (const [variable, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const match = VARIABLE.exec(variable);
    if (!match || value === undefined) continue;
    const [, name, key] = match as unknown as [string, string, string];
    const section = sections.get(name) ?? {
      name,
      title: name,
      where: `environment: DS_${name}_*`,
      position: undefined,
      entries: new Map<string, IniEntry>(),
    };
    section.entries.set(key, { key, value, where: `environment: ${variable}`, position: undefined });
    sections.set(name, section);
  }
  return sections.size ? sections : undefined;
}
