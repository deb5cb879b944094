import { describe, expect, it } from 'vitest';
import { secretEquals } from './secret.ts';

describe('secretEquals', () => {
  it('accepts equal secrets only', () => {
    expect(secretEquals('hörer', 'hörer')).toBe(true);
    expect(secretEquals('', '')).toBe(true);
    expect(secretEquals('a', 'A')).toBe(false);
    expect(secretEquals('secret', 'secret ')).toBe(false);
  });

  it('does not throw for unequal lengths', () => {
    expect(secretEquals('', 'x'.repeat(100_000))).toBe(false);
  });
});
