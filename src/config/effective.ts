/**
 * The configuration as it takes effect, for people: every key with its value
 * in the form in which it is written, secrets masked, and where a value came
 * from when it does not stand in the file.
 * @module
 */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { z } from 'zod';
import { type ConfigTree, isMap } from './config-tree.ts';
import { fileSchema } from './file-schema.ts';
import { usesNodeKey } from './link-key.ts';
import type { ConfigPart } from './load.ts';
import type { PlacedModule } from './module-use.ts';
import { type ConfigPath, formatPath } from './problems.ts';
import { definitionOf, shapeOf, unwrap } from './schema-walk.ts';

/** Stands for a secret wherever the configuration is shown. */
export const MASK = '********';
const SECRET_NAME = /pass(word|wd)?$|secret|token/i;
const URL_CREDENTIALS = /(\/\/)[^/@\s]{1,1024}@/g;

/** A value with a note on where it came from. */
export type Effective =
  | { readonly kind: 'value'; readonly value: unknown; readonly note?: string }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Effective])[] }
  | { readonly kind: 'list'; readonly items: readonly Effective[]; readonly note?: string };

type ModuleAt = ReadonlyMap<string, PlacedModule<{ readonly schema: z.ZodObject }>>;

/** The effective configuration of a validated file, or of DiStreamer files together. */
export function effectiveConfig(parts: readonly ConfigPart[]): Effective {
  const [first, ...others] = parts.map(effectivePart);
  if (!others.length || first?.kind !== 'map') return first!;
  const streams = [first, ...others].flatMap((part) => entriesOf(entry(part, 'streams')));
  const rest = first.entries.filter(([key]) => key !== 'streams');
  return { kind: 'map', entries: [...rest, ['streams', { kind: 'map', entries: streams }]] };
}

function effectivePart({ source, modules }: ConfigPart): Effective {
  const placed = [...modules.values()].flatMap((used) => [used.input, ...used.fallback, ...used.outputs]);
  const moduleAt = new Map(placed.filter((use) => use !== undefined).map((use) => [formatPath(use.path), use]));
  const whole = new Walker(source.tree, moduleAt).walk(fileSchema, source.tree.root, []);
  if (!source.compatible) return whole;
  // DiStreamer's files open only their modules' ports.
  const shared = new Set(['http', 'admin', 'egress', 'link', 'tracks']);
  return { kind: 'map', entries: entriesOf(whole).filter(([key]) => !shared.has(key)) };
}

type Entries = Extract<Effective, { kind: 'map' }>['entries'];

function entriesOf(part: Effective | undefined): Entries {
  return part?.kind === 'map' ? part.entries : [];
}

function entry(part: Effective, name: string): Effective | undefined {
  return entriesOf(part).find(([key]) => key === name)?.[1];
}

class Walker {
  readonly #tree: ConfigTree;
  readonly #moduleAt: ModuleAt;

  constructor(tree: ConfigTree, moduleAt: ModuleAt) {
    this.#tree = tree;
    this.#moduleAt = moduleAt;
  }

  /** @param note where the value came from; undefined when it stands in the file */
  walk(schema: z.ZodType | undefined, value: unknown, path: ConfigPath, note?: string): Effective {
    const module = this.#moduleAt.get(formatPath(path));
    if (module && isMap(value)) return this.#module(module, value, path);
    if (isMap(value)) return this.#map(schema, value, path, note);
    const from = note ?? this.#tree.sourceOf(path);
    if (Array.isArray(value)) {
      const element = schema && definitionOf(unwrap(schema).schema).element;
      const items = value.map((item, index) => this.walk(element, item, [...path, index], note));
      return { kind: 'list', items, ...(from && { note: from }) };
    }
    const secret = (schema && unwrap(schema).meta.secret) || SECRET_NAME.test(String(path.at(-1)));
    const shown = secret ? MASK : typeof value === 'string' ? value.replace(URL_CREDENTIALS, `$1${MASK}@`) : value;
    return { kind: 'value', value: shown, ...(from && { note: from }) };
  }

  #module(module: PlacedModule<{ readonly schema: z.ZodObject }>, value: Record<string, unknown>, path: ConfigPath) {
    const { type, ...options } = value;
    const entries = this.#map(module.module.schema, options, path, undefined);
    const first: readonly [string, Effective] = ['type', { kind: 'value', value: type }];
    return { kind: 'map', entries: [first, ...(entries.kind === 'map' ? entries.entries : [])] } as const;
  }

  #map(schema: z.ZodType | undefined, value: Record<string, unknown>, path: ConfigPath, note?: string): Effective {
    const shape = schema ? shapeOf(schema) : {};
    const entries: [string, Effective][] = [];
    const valueType = schema && definitionOf(unwrap(schema).schema).valueType;
    for (const [key, child] of Object.entries(shape)) {
      const entry =
        key in value ? this.walk(child, value[key], [...path, key], note) : this.#absent(child, [...path, key]);
      if (entry) entries.push([key, entry]);
    }
    for (const key of Object.keys(value)) {
      if (!(key in shape)) entries.push([key, this.walk(valueType, value[key], [...path, key], note)]);
    }
    return { kind: 'map', entries };
  }

  /** What holds where the file says nothing. */
  #absent(schema: z.ZodType, path: ConfigPath): Effective | undefined {
    const { meta, defaultValue } = unwrap(schema);
    if (meta.generate) return { kind: 'value', value: MASK, note: 'made once; see: distream credentials' };
    if (path.length === 1 && path[0] === 'link' && usesNodeKey(this.#moduleAt.values()))
      return this.walk(schema, {}, path);
    if (defaultValue !== undefined) return this.walk(schema, defaultValue, path, 'default');
    return path.length === 3 && path[2] === 'reserve' ? this.#reserve(path) : undefined;
  }

  #reserve(path: ConfigPath): Effective {
    const stream = path.slice(0, 2);
    const input = this.#moduleAt.get(formatPath([...stream, 'input']))?.module as { overLine?: boolean } | undefined;
    if (!input?.overLine) return { kind: 'value', value: '0s', note: 'default: the input is local' };
    const written = this.#tree.get([...stream, 'buffer']) ?? '60s';
    const buffer = isMap(written) ? written.keep : written;
    return { kind: 'value', value: buffer, note: 'default: the buffer, since the input comes over a line' };
  }
}

/** The effective configuration as YAML, with notes as comments. */
export function effectiveYaml(effective: Effective): string {
  const document = new Document(toNode(effective));
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function toNode(effective: Effective): YAMLMap | YAMLSeq | Scalar {
  if (effective.kind === 'value') {
    const scalar = new Scalar(effective.value);
    if (effective.note) scalar.comment = ` ${effective.note}`;
    return scalar;
  }
  if (effective.kind === 'map') {
    const map = new YAMLMap();
    if (!effective.entries.length) map.flow = true;
    for (const [key, value] of effective.entries) map.items.push(new Pair(new Scalar(key), toNode(value)));
    return map;
  }
  const list = new YAMLSeq();
  list.items = effective.items.map(toNode);
  if (!effective.items.length) {
    list.flow = true;
    if (effective.note) list.comment = ` ${effective.note}`;
  }
  return list;
}

/** The effective configuration as plain JSON values, with the notes by key path. */
export function effectiveJson(effective: Effective): { config: unknown; notes: Record<string, string> } {
  const notes: Record<string, string> = {};
  const convert = (part: Effective, path: ConfigPath): unknown => {
    if (part.kind !== 'map' && part.note) notes[formatPath(path)] = part.note;
    if (part.kind === 'value') return part.value;
    if (part.kind === 'list') return part.items.map((item, index) => convert(item, [...path, index]));
    return Object.fromEntries(part.entries.map(([key, value]) => [key, convert(value, [...path, key])]));
  };
  return { config: convert(effective, []), notes };
}
