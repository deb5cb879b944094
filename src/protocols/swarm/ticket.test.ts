import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admits, EVERY_PATH, makeTicket } from './ticket.ts';

const KEY = 'a key that only the publisher has';
const ticket = makeTicket({ path: '/radio', expiresUtcSeconds: 1_800_000_000 }, KEY);

describe('a ticket', () => {
  it('has these bytes before its HMAC', () => {
    expect(ticket.subarray(0, -32).toString('hex')).toBe(`01c00000006b49d200062f726164696f`);
    expect(ticket).toHaveLength(16 + 32);
  });

  it('admits to its path until it expires', () => {
    expect(admits(ticket, KEY, '/radio', 1_800_000_000)).toBe(true);
    expect(admits(ticket, KEY, '/radio', 1_800_000_001)).toBe(false);
    expect(admits(ticket, KEY, '/other', 0)).toBe(false);
  });

  it('of all paths admits to each', () => {
    const all = makeTicket({ path: EVERY_PATH, expiresUtcSeconds: 9 }, KEY);
    expect([admits(all, KEY, '/radio', 9), admits(all, KEY, '/a/b.mp3', 9), admits(all, KEY, '/x', 10)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is refused under another key, with any byte changed, cut off or added', () => {
    expect(admits(ticket, 'another key', '/radio', 0)).toBe(false);
    for (let at = 0; at < ticket.length; at++) {
      const changed = Buffer.from(ticket);
      changed[at] = changed[at]! ^ 1;
      expect(admits(changed, KEY, '/radio', 0)).toBe(false);
      expect(admits(ticket.subarray(0, at), KEY, '/radio', 0)).toBe(false);
    }
    expect(admits(Buffer.concat([ticket, Buffer.of(0)]), KEY, '/radio', 0)).toBe(false);
  });

  it('of random bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(admits(Buffer.from(bytes), KEY, '/radio', 0)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('is not made for a path that is too long', () => {
    expect(() => makeTicket({ path: `/${'a'.repeat(192)}`, expiresUtcSeconds: 1 }, KEY)).toThrow(RangeError);
  });
});
