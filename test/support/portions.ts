/** The bytes cut in two at every place, whole, and one by one: what a codec may be fed. */
export function* portionings(bytes: Buffer): Generator<Buffer[]> {
  yield [bytes];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

/** Cuts `bytes` into portions of the given sizes, used in turn; a size of 0 counts as 1. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const portions: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? bytes.length);
    portions.push(bytes.subarray(at, at + size));
    at += size;
  }
  return portions;
}
