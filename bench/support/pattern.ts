/**
 * The counting pattern that stands in for audio: 16-byte blocks of a 64-bit big-endian number and eight constant
 * bytes. Every byte is known from its position, so a listener can prove that nothing was lost, repeated or moved.
 * @module
 */
const BLOCK = 16;
const MARK = Buffer.from([0xd7, 0x46, 0x41, 0x4e, 0x4f, 0x55, 0x54, 0x9b]);
const PAGE_BLOCKS = 4096;
const pages = new Map<number, Buffer>();

function page(index: number): Buffer {
  let data = pages.get(index);
  if (!data) {
    data = Buffer.alloc(PAGE_BLOCKS * BLOCK);
    for (let block = 0; block < PAGE_BLOCKS; block++) {
      data.writeUInt32BE(index * PAGE_BLOCKS + block, block * BLOCK + 4);
      MARK.copy(data, block * BLOCK + 8);
    }
    if (pages.size > 64) pages.delete(pages.keys().next().value!);
    pages.set(index, data);
  }
  return data;
}

/** The bytes [start, end) of the pattern; at most one page (64 KiB) long, else an error. */
export function patternBytes(start: number, end: number): Buffer {
  const size = PAGE_BLOCKS * BLOCK;
  const first = Math.floor(start / size);
  const head = page(first).subarray(start - first * size, Math.min(size, end - first * size));
  return end <= (first + 1) * size ? head : Buffer.concat([head, patternBytes((first + 1) * size, end)]);
}

/** Finds where in the pattern some bytes are; -1 when they hold no whole block. 31 bytes always do. */
export function patternPosition(data: Buffer): number {
  const mark = data.indexOf(MARK);
  if (mark < 0) return -1;
  if (mark >= 8) return data.readUInt32BE(mark - 4) * BLOCK - (mark - 8);
  const next = mark + BLOCK;
  return next + 8 <= data.length && data.subarray(next, next + 8).equals(MARK)
    ? data.readUInt32BE(next - 4) * BLOCK - (next - 8)
    : -1;
}

/** True when `data` is what the pattern has at `position`. */
export function matchesPattern(data: Buffer, position: number): boolean {
  return patternBytes(position, position + data.length).equals(data);
}
