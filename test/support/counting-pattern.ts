/**
 * Audio that counts: blocks of 16 bytes, each a 64-bit big-endian number and 8 constant bytes. Any loss,
 * repeat or shift shows. The recorded sessions carry it; at 128 kbit/s a block lasts one millisecond.
 * @module
 */

export const BLOCK_BYTES = 16;
const MARK = Buffer.from('\x0fNETLAB\x0e', 'latin1');

/** `count` blocks from number `first` on. */
export function countingBlocks(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * BLOCK_BYTES);
  for (let index = 0; index < count; index++) {
    bytes.writeBigUInt64BE(BigInt(first + index), index * BLOCK_BYTES);
    MARK.copy(bytes, index * BLOCK_BYTES + 8);
  }
  return bytes;
}

/** `length` bytes of the pattern from byte `from` on. */
export function countingBytes(from: number, length: number): Buffer {
  const first = Math.floor(from / BLOCK_BYTES);
  const last = Math.ceil((from + length) / BLOCK_BYTES);
  return countingBlocks(first, last - first)
    .subarray(from - first * BLOCK_BYTES)
    .subarray(0, length);
}

/** The byte position in the pattern at which `bytes` begin; -1 when no whole block is in them. */
export function patternPosition(bytes: Buffer): number {
  const mark = bytes.indexOf(MARK, 8);
  return mark < 0 ? -1 : Number(bytes.readBigUInt64BE(mark - 8)) * BLOCK_BYTES - (mark - 8);
}

/** The first place at which `bytes` are not the pattern that their start begins; -1 when they are it throughout. */
export function firstBreak(bytes: Buffer): number {
  const from = patternPosition(bytes);
  if (from < 0) return 0;
  const wanted = countingBytes(from, bytes.length);
  if (wanted.equals(bytes)) return -1;
  return bytes.findIndex((byte, at) => byte !== wanted[at]);
}
