import type { z } from 'zod';
import { type ConfigTree, type ConfigValue, isMap, newMap } from './config-tree.ts';
import { describeIssue } from './issues.ts';
import type { ConfigPath, ProblemList } from './problems.ts';
import { schemaAt, unwrap } from './schema-walk.ts';
import { isFileReference, readReferencedFile } from './substitute.ts';

/** What validation needs beside the schema. */
export interface ValidationContext {
  readonly tree: ConfigTree;
  readonly baseDir: string;
  readonly problems: ProblemList;
  /** Loud lines for the start. */
  readonly warnings: string[];
}

/** Substitutions can uncover others, but never many times. */
const MAX_ROUNDS = 8;

/**
 * Validates the part of the tree at `path`. Where the schema wants text and the
 * file has `{file: path}`, the file's content is put in; where it wants a number
 * or a truth value and a variable gave it, it is converted. Problems are added to
 * the context with their places; undefined when there was any.
 * @param omit a key at the top of the part that is not the schema's to judge
 */
export function validatePart<Schema extends z.ZodType>(
  schema: Schema,
  path: ConfigPath,
  context: ValidationContext,
  omit?: string,
): z.output<Schema> | undefined {
  const before = context.problems.count;
  for (let round = 0; ; round++) {
    const value = without(context.tree.get(path), omit);
    const result = schema.safeParse(value);
    if (result.success) return context.problems.count === before ? result.data : undefined;
    const substituted = round < MAX_ROUNDS && substitute(result.error.issues, schema, path, context);
    if (substituted) continue;
    report(result.error.issues, schema, value, path, context, omit);
    return undefined;
  }
}

function report(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  value: unknown,
  path: ConfigPath,
  { tree, problems }: ValidationContext,
  omit: string | undefined,
): void {
  for (const issue of issues) {
    for (const finding of describeIssue(issue, schema, value, omit ? [omit] : [])) {
      const full = [...path, ...finding.path];
      if (tree.isUnresolved(full)) continue;
      const position = tree.positionOf(full);
      const where = tree.where(full);
      problems.add('CONFIG_INVALID', { where, reason: finding.reason, hint: finding.hint }, position);
    }
  }
}

function without(value: ConfigValue | undefined, key: string | undefined): ConfigValue | undefined {
  if (key === undefined || !isMap(value)) return value;
  const copy = Object.assign(newMap(), value);
  delete copy[key];
  return copy;
}

/** Puts in what stands elsewhere, at each issue where that helps. False when nothing was changed. */
function substitute(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  path: ConfigPath,
  context: ValidationContext,
): boolean {
  let changed = false;
  for (const issue of issues) {
    if (issue.code !== 'invalid_type') continue;
    const below = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
    const full = [...path, ...below];
    const value = context.tree.get(full);
    if (isFileReference(value) && issue.expected !== 'array') {
      changed = putFile(value.file, full, schemaAt(schema, below), context) || changed;
    } else if (typeof value === 'string' && context.tree.sourceOf(full)) {
      const converted = convert(value, issue.expected);
      if (converted === undefined) continue;
      context.tree.set(full, converted);
      changed = true;
    }
  }
  return changed;
}

function convert(text: string, expected: string): number | boolean | undefined {
  if (expected === 'number' || expected === 'int') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  if (expected === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  return undefined;
}

function putFile(file: string, path: ConfigPath, schema: z.ZodType | undefined, context: ValidationContext): boolean {
  const { tree, problems, baseDir, warnings } = context;
  const position = tree.positionOf(path);
  const where = tree.where(path);
  const read = readReferencedFile(file, baseDir, where, problems, position);
  if (!read) {
    tree.set(path, '');
    tree.noteUnresolved(path);
    return true;
  }
  if (read.exposed && schema && unwrap(schema).meta.secret) {
    warnings.push(`${where}: everybody on this machine can read ${file}; run: chmod 600 ${file}`);
  }
  tree.set(path, read.text);
  tree.noteSource(path, `the file ${file}`);
  return true;
}
