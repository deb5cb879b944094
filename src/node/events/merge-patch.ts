/**
 * JSON Merge Patch (RFC 7396): what makes one JSON value of another.
 * @module
 */

/** A JSON value; keys that are undefined count as missing. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

type JsonMap = { readonly [key: string]: Json };

/** True when there is nothing to tell between two JSON values. */
export function isSameJson(before: Json, after: Json): boolean {
  if (before === after) return true;
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.length === after.length && before.every((item, index) => isSameJson(item, after[index]));
  }
  return isMap(before) && isMap(after) && patchOf(before, after) === undefined;
}

/**
 * The patch from one map to another; undefined when they are the same. Lists are replaced whole. A key whose value is
 * `null` after the change cannot be told from one that is gone (RFC 7396 section 1): give maps without nulls.
 */
export function patchOf(before: JsonMap, after: JsonMap): { [key: string]: Json } | undefined {
  let patch: { [key: string]: Json } | undefined;
  for (const key of Object.keys(after)) {
    const was = before[key];
    const is = after[key];
    if (was === is || is === undefined) continue;
    const change = isMap(was) && isMap(is) ? patchOf(was, is) : isSameJson(was, is) ? undefined : is;
    if (change === undefined) continue;
    patch ??= Object.create(null) as { [key: string]: Json };
    patch[key] = change;
  }
  for (const key of Object.keys(before)) {
    if (before[key] === undefined || after[key] !== undefined) continue;
    patch ??= Object.create(null) as { [key: string]: Json };
    patch[key] = null;
  }
  return patch;
}

/** Applies a patch as RFC 7396 section 2 says; answers a new value. */
export function applyPatch(target: Json, patch: Json): Json {
  if (!isMap(patch)) return patch;
  const result: { [key: string]: Json } = Object.create(null);
  if (isMap(target)) for (const key of Object.keys(target)) result[key] = target[key];
  for (const key of Object.keys(patch)) {
    if (patch[key] === null) delete result[key];
    else result[key] = applyPatch(result[key], patch[key]);
  }
  return result;
}

function isMap(value: Json): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
