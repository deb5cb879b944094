import type { RangeSpec } from './byte-range.ts';

/** Both ids of a transfer as the original writes them in its messages: the smaller one first, `$` between them. */
export function transferPairText(oneId: string, otherId: string): string {
  return oneId < otherId ? `${oneId}$${otherId}` : `${otherId}$${oneId}`;
}

/** A text that is the same for the same values and for no others: lengths are told, so none can pass for another. */
export function keyOf(name: string, { min, max }: RangeSpec, ...parts: readonly string[]): string {
  return `${min ?? ''}.${max ?? ''} ${parts.map((part) => `${part.length} ${part}`).join('')}${name}`;
}
