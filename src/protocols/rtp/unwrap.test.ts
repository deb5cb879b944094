import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unwrapSequence, unwrapTimestamp } from './unwrap.ts';

it('follows a sequence number over its wrap, back and forth', () => {
  expect(unwrapSequence(0, 65_535)).toBe(65_536);
  expect(unwrapSequence(65_535, 65_536)).toBe(65_535);
  expect(unwrapSequence(65_535, 0)).toBe(-1);
  expect(unwrapSequence(7, 65_536 * 1000 + 9)).toBe(65_536 * 1000 + 7);
});

it('follows a timestamp for a hundred years at 192 kHz', () => {
  const position = 192_000 * 3600 * 24 * 36_525;
  expect(unwrapTimestamp(position % 2 ** 32, position - 1_000_000)).toBe(position);
  expect(unwrapTimestamp(position % 2 ** 32, position + 0.4)).toBe(position);
});

it('finds every number that is less than half a wrap away', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 50), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (position, distance) => {
      expect(unwrapTimestamp(position % 2 ** 32, position + distance)).toBe(position);
    }),
    { numRuns: 200 },
  );
});
