import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { responseHead } from './head-writer.ts';

describe('responseHead', () => {
  it('writes UTF-8 and removes what could inject', () => {
    const head = responseHead('HTTP/1.0 200 OK', [
      ['icy-name', 'Café 日\r\nSet-Cookie: x\0\u009b'],
      ['bad name', 'left out'],
      ['x:y', 'left out'],
    ]);
    expect(head.toString('utf8')).toBe('HTTP/1.0 200 OK\r\nicy-name: Café 日Set-Cookie: x\r\n\r\n');
  });

  it('makes one line of any header', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ unit: 'binary', maxLength: 60 }),
        (name, value) => {
          const lines = responseHead('HTTP/1.0 200 OK', [[name, value]])
            .toString('latin1')
            .split(/\r\n|\r|\n/);
          expect(lines.length).toBeLessThanOrEqual(4);
          expect(lines.at(-1)).toBe('');
          expect(lines.at(-2)).toBe('');
        },
      ),
      { numRuns: 300 },
    );
  });
});
