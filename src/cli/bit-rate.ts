import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** A rate as people write it, in bits a second (`800k`, `2.5M`), as bytes a second. For commander: throws InvalidArgumentError. */
export function bitRate(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([kmg]?)$/i.exec(text) ?? [];
  const bits = Number(digits) * UNITS[unit.toLowerCase()]!;
  if (digits === '' || bits < 8000)
    throw new InvalidArgumentError('Expected a rate such as 800k or 2.5M, at least 8k.');
  return bits / 8;
}
