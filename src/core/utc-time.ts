const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Milliseconds since 1970 of a time in ISO 8601, e.g. `2026-11-21`, `2026-11-21T09:00`, `2026-11-21T09:00:00.5+01:00`;
 * UTC when it names no offset. Undefined when it is none.
 */
export function parseUtcMs(text: string): number | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const withTime = text.length > 10;
  const utcMs = Date.parse(`${text.replace(' ', 'T')}${withTime && match[1] === undefined ? 'Z' : ''}`);
  return Number.isNaN(utcMs) ? undefined : utcMs;
}
