import { expect, it } from 'vitest';
import { wholeNumber } from './whole-number.ts';

it.each([
  ['1', 1],
  ['10', 10],
  ['007', 7],
  ['0', undefined],
  ['11', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e1', undefined],
  [' 2', undefined],
  ['', undefined],
  ['00000000002', undefined],
])('takes %j from 1 to 10 as %s', (text, value) => {
  expect(wholeNumber(text, 1, 10)).toBe(value);
});
