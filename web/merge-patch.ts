/**
 * JSON Merge Patch (RFC 7396).
 * @module
 */

type Json = unknown;

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The target with the patch in it; neither is changed, and what did not change is the same object as before. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  // Unlike an assignment, this makes a key `__proto__` an ordinary one.
  return Object.fromEntries(merged);
}
