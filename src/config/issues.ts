/**
 * What zod found wrong, in words for people: what stands there, what is
 * allowed, the nearest thing that was probably meant. Never shows a value of
 * the file, since it may be a secret.
 * @module
 */
import type { z } from 'zod';
import { isMap } from './config-tree.ts';
import { nearest } from './nearest.ts';
import { definitionOf, schemaAt, shapeOf, unwrap } from './schema-walk.ts';

/** A problem below some schema. */
export interface Finding {
  readonly path: (string | number)[];
  readonly reason: string;
  readonly hint: string;
}

type Issue = z.core.$ZodIssue;

const NAMES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

/** Describes one issue. `value` is what was validated with `schema`; `extraKeys` are allowed at its top as well. */
export function describeIssue(
  issue: Issue,
  schema: z.ZodType,
  value: unknown,
  extraKeys: readonly string[] = [],
): Finding[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    const at = schemaAt(schema, path);
    const allowed = [...(path.length ? [] : extraKeys), ...Object.keys(at ? shapeOf(at) : {})];
    return issue.keys.map((key) => ({
      path: [...path, key],
      reason: `there is no key "${key}" here`,
      hint: allowedHint(key, allowed),
    }));
  }
  const meant = issue.code === 'invalid_union' ? meantOption(issue, schemaAt(schema, path)) : undefined;
  if (meant) {
    const below = meant.issues.flatMap((each) => describeIssue(each, meant.option, valueAt(value, path)));
    return below.map((finding) => ({ ...finding, path: [...path, ...finding.path] }));
  }
  const { reason, hint } = explain(issue, schema, path, valueAt(value, path));
  return [{ path, reason, hint }];
}

/** Of several forms that are allowed the one that was meant: the only one whose kind of value is there. */
function meantOption(issue: Extract<Issue, { code: 'invalid_union' }>, schema: z.ZodType | undefined) {
  const options = schema ? (definitionOf(unwrap(schema).schema).options ?? []) : [];
  const isOtherKind = ({ code, path }: Issue) => code === 'invalid_type' && path.length === 0;
  const fitting = options.flatMap((option, index) => {
    const issues = issue.errors[index];
    return issues?.length && !issues.some(isOtherKind) ? [{ option, issues }] : [];
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** `Did you mean "buffer"? Allowed: buffer, reserve.` */
export function allowedHint(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  return `${near ? `Did you mean "${near}"? ` : ''}Allowed: ${allowed.join(', ')}.`;
}

function explain(
  issue: Issue,
  schema: z.ZodType,
  path: (string | number)[],
  value: unknown,
): { reason: string; hint: string } {
  const hint = describe(schema, path);
  switch (issue.code) {
    case 'invalid_type':
      return explainType(issue.expected, issue.message, value, hint);
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (value === undefined) return { reason: 'this key is missing', hint: `Allowed: ${values.join(', ')}.` };
      return { reason: 'this value is not allowed', hint: allowedHint(String(value), values) };
    }
    case 'too_small':
      return { reason: bound(issue.origin, 'at least', Number(issue.minimum)), hint };
    case 'too_big':
      return { reason: bound(issue.origin, 'at most', Number(issue.maximum)), hint };
    case 'invalid_union':
      return { reason: explainUnion(issue), hint };
    case 'invalid_key':
      return { reason: `this name is not allowed: ${issue.issues[0]?.message ?? ''}`, hint };
    default:
      return { reason: issue.message.replace(/^Invalid input: /, ''), hint };
  }
}

function explainType(expected: string, message: string, value: unknown, hint: string) {
  const wanted = message.startsWith('Invalid input') ? `expected ${NAMES[expected] ?? expected}` : message;
  if (value === undefined) return { reason: `this key is missing; ${wanted}`, hint };
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return {
      reason: `${wanted}, found ${kindOf(value)}`,
      hint: 'Put the value in quotes, and give it a unit if it has one.',
    };
  }
  return { reason: `${wanted}, found ${kindOf(value)}`, hint };
}

function explainUnion(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const branches = (issue.errors ?? []).map((errors) => errors[0]).filter((first) => first !== undefined);
  const deeper = branches.find((first) => first.path.length > 0);
  if (deeper) return `${deeper.path.map(String).join('.')}: ${deeper.message}`;
  const expected = branches.map((first) => (first.code === 'invalid_type' ? NAMES[first.expected] : first.message));
  return `expected ${[...new Set(expected.filter(Boolean))].join(' or ')}`;
}

function bound(origin: string, relation: string, limit: number): string {
  if (origin === 'string') return `must be ${relation} ${limit} characters long`;
  if (origin === 'array' || origin === 'set')
    return `must have ${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `must be ${relation} ${limit}`;
}

function describe(schema: z.ZodType, path: (string | number)[]): string {
  const at = schemaAt(schema, path);
  return (at && unwrap(at).meta.description) || 'docs/configuration.md lists every key.';
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  return { string: 'text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? typeof value;
}

function valueAt(value: unknown, path: (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (Array.isArray(current)) current = current[Number(key)];
    else if (isMap(current)) current = current[key];
    else return undefined;
  }
  return current;
}
