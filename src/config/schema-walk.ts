/**
 * Looking into zod schemas: the schema behind wrappers, the keys allowed at a
 * path, what is said of an option. Works on the definitions only, so that a
 * schema made by another copy of zod serves as well.
 * @module
 */
import type { z } from 'zod';

/** What an option's schema says of itself with `describe` and `meta`. */
export interface SchemaMeta {
  readonly description?: string;
  /** Masked wherever the configuration is shown. */
  readonly secret?: boolean;
  /** Made once and kept when it is left out. */
  readonly generate?: boolean;
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly defaultValue?: unknown;
  readonly shape?: Record<string, z.ZodType>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly entries?: Record<string, string | number>;
  readonly catchall?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** The definition of a schema. */
export function definitionOf(schema: z.ZodType): Definition {
  return (schema as unknown as { _zod: { def: Definition } })._zod.def;
}

/** A schema without its wrappers (optional, default, transform), and what the wrappers said. */
export interface Unwrapped {
  readonly schema: z.ZodType;
  readonly meta: SchemaMeta;
  /** The default in the form in which it is written in the file; undefined: none. */
  readonly defaultValue: unknown;
  readonly optional: boolean;
}

/** Takes the wrappers off a schema. */
export function unwrap(schema: z.ZodType): Unwrapped {
  let current = schema;
  let meta: SchemaMeta = {};
  let defaultValue: unknown;
  let optional = false;
  for (;;) {
    meta = { ...((current.meta?.() ?? {}) as SchemaMeta), ...meta };
    const definition = definitionOf(current);
    if (definition.type === 'default' || definition.type === 'prefault') defaultValue ??= definition.defaultValue;
    if (definition.type === 'optional') optional = true;
    const inner = definition.type === 'pipe' ? definition.in : definition.innerType;
    if (!inner) return { schema: current, meta, defaultValue, optional: optional || defaultValue !== undefined };
    current = inner;
  }
}

/** The options of an object schema, in their order. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> {
  return definitionOf(unwrap(schema).schema).shape ?? {};
}

/** The schema at `path` below `schema`; undefined when the schema says nothing of it. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema;
  for (const key of path) {
    if (!current) return undefined;
    const definition = definitionOf(unwrap(current).schema);
    if (definition.type === 'object') current = definition.shape?.[String(key)];
    else current = definition.element ?? definition.valueType;
  }
  return current;
}

/** True when a map is what `schema` wants. */
export function wantsMap(schema: z.ZodType): boolean {
  const { type } = definitionOf(unwrap(schema).schema);
  return type === 'object' || type === 'record';
}
