/**
 * YAML text to a `ConfigTree`: strict, bounded, with the place of every key.
 * @module
 */
import { TextDecoder } from 'node:util';
import {
  type Document,
  isAlias,
  isScalar,
  isSeq,
  isMap as isYamlMap,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { type ConfigMap, ConfigTree, type ConfigValue, newMap, pathKey } from './config-tree.ts';
import { type ConfigPath, formatWhere, type Position, ProblemList } from './problems.ts';

/** The largest configuration file that is read, in bytes. */
export const MAX_CONFIG_BYTES = 2 ** 20;
const MAX_DEPTH = 32;
const MAX_TOKEN_DEPTH = 64;
const MAX_INDENT = 256;
/** Values after aliases are expanded; stops alias bombs. */
const MAX_VALUES = 50_000;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Decodes a configuration file. Throws CONFIG_SYNTAX when it is too large or not UTF-8; a byte order mark is dropped. */
export function decodeConfigText(bytes: Uint8Array, origin: string): string {
  const fail = (reason: string) => new DistreamError('CONFIG_SYNTAX', { where: origin, reason });
  if (bytes.length > MAX_CONFIG_BYTES) throw fail('the file is larger than 1 MiB');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DistreamError(
      'CONFIG_SYNTAX',
      { where: origin, reason: 'the file is not UTF-8; save it as UTF-8' },
      { cause: error },
    );
  }
}

/** Parses YAML 1.2. Throws ConfigurationError with every syntax error (CONFIG_SYNTAX). */
export function parseYaml(text: string, origin: string): ConfigTree {
  const problems = new ProblemList();
  const lines = new LineCounter();
  const document = parseDocument(text, origin, lines, problems);
  problems.throwIfAny();
  const builder = new TreeBuilder(origin, lines, problems);
  const root = builder.build(document!);
  problems.throwIfAny();
  return new ConfigTree(origin, root, builder.positions);
}

function parseDocument(
  text: string,
  origin: string,
  lines: LineCounter,
  problems: ProblemList,
): Document.Parsed | undefined {
  const tooDeep = deepLine(text);
  if (tooDeep) {
    const position = { line: tooDeep, column: 1 };
    problems.add('CONFIG_SYNTAX', { where: formatWhere(origin, position, []), reason: 'nested too deeply' }, position);
    return undefined;
  }
  let documents: Document.Parsed[];
  try {
    documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })];
  } catch (error) {
    problems.add('CONFIG_SYNTAX', { where: origin, reason: reasonOf(error) });
    return undefined;
  }
  const [document, second] = documents;
  if (!document) {
    problems.add('CONFIG_SYNTAX', { where: origin, reason: 'the file is empty' });
    return undefined;
  }
  if (second) problems.add('CONFIG_SYNTAX', { where: origin, reason: 'one document only: remove the line ---' });
  for (const error of [...document.errors, ...document.warnings]) {
    const { line, col } = lines.linePos(error.pos[0]);
    const position = { line, column: col };
    problems.add(
      'CONFIG_SYNTAX',
      { where: formatWhere(origin, position, []), reason: explain(error.code, error.message) },
      position,
    );
  }
  return document;
}

/**
 * The line in which nesting goes beyond what a configuration needs; undefined when none does. The parser descends
 * once a level, and its stack must not end: so this looks at the tokens before it runs.
 */
function deepLine(text: string): number | undefined {
  let line = 1;
  let flowDepth = 0;
  let indicators = 0;
  let atLineStart = true;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flowDepth++;
    else if (token === ']' || token === '}') flowDepth--;
    else if (token === '-' || token === '?') indicators++;
    const indent = atLineStart && /^ +$/.test(token) ? token.length : 0;
    if (flowDepth > MAX_TOKEN_DEPTH || indicators > MAX_TOKEN_DEPTH || indent > MAX_INDENT) return line;
    const lineEnds = token.split('\n').length - 1;
    line += lineEnds;
    atLineStart = lineEnds > 0;
    if (atLineStart) indicators = 0;
  }
  return undefined;
}

/** Words for the parser's errors that people meet most. */
function explain(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key stands here twice';
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML; use spaces';
    case 'TAG_RESOLVE_FAILED':
      return 'tags such as !!type are not allowed';
    case 'BAD_INDENT':
      return 'the indentation does not fit the lines above';
    default:
      return `${message.replace(/\s+/g, ' ').slice(0, 200)} (a value with \${...}, #, : or % may need quotes)`;
  }
}

/** Turns the parsed document into values and notes where each stands. */
class TreeBuilder {
  readonly positions = new Map<string, Position>();
  readonly #origin: string;
  readonly #lines: LineCounter;
  readonly #problems: ProblemList;
  #count = 0;
  #document!: Document.Parsed;

  constructor(origin: string, lines: LineCounter, problems: ProblemList) {
    this.#origin = origin;
    this.#lines = lines;
    this.#problems = problems;
  }

  build(document: Document.Parsed): ConfigMap {
    this.#document = document;
    if (!isYamlMap(document.contents)) {
      const reason = document.contents ? 'expected keys such as `streams:` at the top' : 'the file is empty';
      this.#problems.add('CONFIG_SYNTAX', { where: this.#origin, reason });
      return newMap();
    }
    this.#note([], document.contents);
    return this.#map(document.contents, [], 0);
  }

  #value(node: unknown, path: ConfigPath, depth: number): ConfigValue {
    if (depth > MAX_DEPTH) return this.#fail(path, node, 'nested too deeply');
    if (++this.#count > MAX_VALUES) {
      return this.#count === MAX_VALUES + 1 ? this.#fail(path, node, 'too many values, aliases counted') : null;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      return target ? this.#value(target, path, depth + 1) : this.#fail(path, node, 'unknown alias');
    }
    if (isYamlMap(node)) return this.#map(node, path, depth);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        this.#note([...path, index], item);
        return this.#value(item, [...path, index], depth + 1);
      });
    }
    const value = isScalar(node) ? node.value : node;
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as ConfigValue;
    return value === undefined ? null : this.#fail(path, node, 'this kind of value is not allowed');
  }

  #map(node: YAMLMap, path: ConfigPath, depth: number): ConfigMap {
    const map = newMap();
    for (const pair of node.items as Pair[]) {
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      if (key === undefined || key === null || typeof key === 'object') {
        this.#fail(path, pair.key, 'a key must be a word');
        continue;
      }
      const name = String(key);
      const keyPath = [...path, name];
      this.#note(keyPath, pair.key);
      if (FORBIDDEN_KEYS.has(name)) this.#fail(keyPath, pair.key, 'this key is not allowed');
      else map[name] = this.#value(pair.value, keyPath, depth + 1);
    }
    return map;
  }

  #note(path: ConfigPath, node: unknown): void {
    const position = this.#position(node);
    if (position) this.positions.set(pathKey(path), position);
  }

  #position(node: unknown): Position | undefined {
    const offset = (node as Node | null)?.range?.[0];
    if (offset === undefined) return undefined;
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  #fail(path: ConfigPath, node: unknown, reason: string): null {
    const position = this.#position(node);
    this.#problems.add('CONFIG_SYNTAX', { where: formatWhere(this.#origin, position, path), reason }, position);
    return null;
  }
}
