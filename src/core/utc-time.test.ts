import { describe, expect, it } from 'vitest';
import { parseUtcMs } from './utc-time.ts';

describe('parseUtcMs', () => {
  it('reads ISO 8601, as UTC when no offset is named', () => {
    const nine = Date.UTC(2026, 10, 21, 9);
    for (const text of ['2026-11-21T09:00', '2026-11-21 09:00:00', '2026-11-21T09:00Z', '2026-11-21T10:00:00+01:00']) {
      expect(parseUtcMs(text)).toBe(nine);
    }
    expect(parseUtcMs('2026-11-21')).toBe(Date.UTC(2026, 10, 21));
    expect(parseUtcMs('2026-11-21T09:00:00.25Z')).toBe(nine + 250);
  });

  it('takes nothing else', () => {
    for (const text of ['', 'now', '9:00', '2026-13-01', '2026-11-21T25:00', '21.11.2026', '1e9', '2026-11-21T09']) {
      expect(parseUtcMs(text)).toBeUndefined();
    }
  });
});
