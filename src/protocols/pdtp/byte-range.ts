/**
 * Byte ranges of files as PDTP writes them: inclusive at both ends.
 * @module
 */

/** Bytes `min` to `max` of a file, both included; `0 <= min <= max`. */
export interface ByteRange {
  readonly min: number;
  readonly max: number;
}

/** A range as it stands in a message: a missing bound is the file's; it may be upside down or outside the file. */
export interface RangeSpec {
  readonly min?: number;
  readonly max?: number;
}

/** The bytes in a range. */
export function rangeLength({ min, max }: ByteRange): number {
  return max - min + 1;
}

/** True for the same bytes. */
export function sameRange(a: RangeSpec, b: RangeSpec): boolean {
  return a.min === b.min && a.max === b.max;
}

/** The range when it has both bounds, in order and not negative; else undefined. */
export function closedRange({ min, max }: RangeSpec): ByteRange | undefined {
  return min !== undefined && max !== undefined && min >= 0 && min <= max ? { min, max } : undefined;
}

/**
 * The part of a file of `size` bytes that a spec names; its upper bound may lie beyond the end. Undefined when no byte
 * is left: the range is upside down, negative or outside.
 */
export function rangeInFile(spec: RangeSpec, size: number): ByteRange | undefined {
  return closedRange({ min: spec.min ?? 0, max: Math.min(spec.max ?? size - 1, size - 1) });
}

/** `min..max` as the original writes it in its messages for people. */
export function rangeText({ min, max }: RangeSpec): string {
  return `${min ?? ''}..${max ?? ''}`;
}
