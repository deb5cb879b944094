import { type ConfigPath, formatWhere, type Position } from './problems.ts';

/** A value as the configuration file has it, before validation. */
export type ConfigValue = string | number | boolean | null | ConfigValue[] | ConfigMap;

/** A map of the file; without a prototype, so that no key is special. */
export interface ConfigMap {
  [key: string]: ConfigValue;
}

/** Makes an empty map. */
export function newMap(): ConfigMap {
  return Object.create(null) as ConfigMap;
}

/** True for a map (not a list, not null). */
export function isMap(value: unknown): value is ConfigMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A configuration file as values that remember their place. */
export class ConfigTree {
  /** The file, as messages name it. */
  readonly origin: string;
  readonly root: ConfigMap;
  /** Paths whose value came from `${NAME}` or `{file: path}`. */
  readonly #substituted = new Map<string, string>();
  /** Paths whose value could not be put in; a problem was told. */
  readonly #unresolved = new Set<string>();
  readonly #positions: ReadonlyMap<string, Position>;
  readonly #labels: ReadonlyMap<string, string>;

  /**
   * @param positions place of each key or list entry, by `pathKey`
   * @param labels how messages name a place, where that is not by its key path
   */
  constructor(
    origin: string,
    root: ConfigMap,
    positions: ReadonlyMap<string, Position>,
    labels: ReadonlyMap<string, string> = new Map(),
  ) {
    this.origin = origin;
    this.root = root;
    this.#positions = positions;
    this.#labels = labels;
  }

  /** How messages name the place of `path`: `distream.yaml:12:5: streams.morning.bufer`. */
  where(path: ConfigPath): string {
    return this.#labels.get(pathKey(path)) ?? formatWhere(this.origin, this.positionOf(path), path);
  }

  /** Place of the key at `path`, else of the nearest key around it. */
  positionOf(path: ConfigPath): Position | undefined {
    for (let length = path.length; length >= 0; length--) {
      const position = this.#positions.get(pathKey(path.slice(0, length)));
      if (position) return position;
    }
    return undefined;
  }

  /** The value at `path`; undefined when there is none. */
  get(path: ConfigPath): ConfigValue | undefined {
    let value: ConfigValue | undefined = this.root;
    for (const key of path) {
      if (Array.isArray(value) && typeof key === 'number') value = value[key];
      else if (isMap(value) && typeof key === 'string') value = value[key];
      else return undefined;
    }
    return value;
  }

  /** Replaces the value at `path`, which exists. */
  set(path: ConfigPath, value: ConfigValue): void {
    const parent = this.get(path.slice(0, -1)) as Record<string | number, ConfigValue>;
    parent[path.at(-1)!] = value;
  }

  /** Notes that the value at `path` came from elsewhere, e.g. `the variable STUDIO_PASSWORD`. */
  noteSource(path: ConfigPath, source: string): void {
    this.#substituted.set(pathKey(path), source);
  }

  /** Where a substituted value came from; undefined when it stands in the file. */
  sourceOf(path: ConfigPath): string | undefined {
    return this.#substituted.get(pathKey(path));
  }

  /** Notes that the value at `path` is not known, so that nobody judges it. */
  noteUnresolved(path: ConfigPath): void {
    this.#unresolved.add(pathKey(path));
  }

  /** True when the value at `path` is not known. */
  isUnresolved(path: ConfigPath): boolean {
    return this.#unresolved.has(pathKey(path));
  }
}

/** The key of a path in a map of positions. */
export function pathKey(path: ConfigPath): string {
  return JSON.stringify(path);
}
