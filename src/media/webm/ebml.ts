/**
 * EBML elements (RFC 8794): an id, a size, and so many bytes.
 * @module
 */

/** The head of an element. */
export interface EbmlHead {
  /** With its length marker, e.g. 0x1a45dfa3. */
  readonly id: number;
  readonly headBytes: number;
  /** Bytes of what follows; undefined when the element tells none (RFC 8794 section 6.2). */
  readonly size: number | undefined;
}

const MAX_ID_BYTES = 4;
const MAX_SIZE_BYTES = 8;
/** Most bytes of a head. */
export const MAX_EBML_HEAD_BYTES = MAX_ID_BYTES + MAX_SIZE_BYTES;

/** Reads the head at `offset`: `short` when the buffer ends inside it, undefined when none can begin so. */
export function readEbmlHead(buffer: Buffer, offset: number): EbmlHead | 'short' | undefined {
  const idBytes = lengthAt(buffer, offset);
  if (idBytes === undefined) return 'short';
  if (idBytes > MAX_ID_BYTES) return undefined;
  const sizeAt = offset + idBytes;
  const sizeBytes = lengthAt(buffer, sizeAt);
  if (sizeBytes === undefined) return 'short';
  if (sizeBytes > MAX_SIZE_BYTES) return undefined;
  if (sizeAt + sizeBytes > buffer.length) return 'short';
  const id = buffer.readUIntBE(offset, idBytes);
  return { id, headBytes: idBytes + sizeBytes, size: vint(buffer, sizeAt, sizeBytes) };
}

/** The bytes of the head at `offset`, with a size that says that it is not known. The head is whole. */
export function withUnknownSize(buffer: Buffer, offset: number, headBytes: number): Buffer {
  const head = Buffer.from(buffer.subarray(offset, offset + headBytes));
  const sizeAt = lengthAt(head, 0)!;
  const marker = 0x80 >> (headBytes - sizeAt - 1);
  head.fill(0xff, sizeAt);
  head[sizeAt] = marker | (marker - 1);
  return head;
}

/** An unsigned integer (RFC 8794 section 7.2); 0 when it is longer than a number holds. */
export function readEbmlUint(data: Buffer): number {
  return data.length === 0 || data.length > 6 ? uintOf(data) : data.readUIntBE(0, data.length);
}

/** A float of 4 or 8 bytes (RFC 8794 section 7.3), else 0. */
export function readEbmlFloat(data: Buffer): number {
  if (data.length === 4) return data.readFloatBE(0);
  return data.length === 8 ? data.readDoubleBE(0) : 0;
}

/** The children of an element whose content is `data`; ends where one is not whole, or tells no size. */
export function* ebmlChildren(data: Buffer): Generator<{ readonly id: number; readonly data: Buffer }> {
  for (let at = 0; at < data.length; ) {
    const head = readEbmlHead(data, at);
    if (!head || head === 'short' || head.size === undefined) return;
    const start = at + head.headBytes;
    const end = start + head.size;
    if (end > data.length) return;
    yield { id: head.id, data: data.subarray(start, end) };
    at = end;
  }
}

/** Bytes of the number that begins at `offset`, by its leading zeros; 9 for a byte 0. */
function lengthAt(buffer: Buffer, offset: number): number | undefined {
  const first = buffer[offset];
  return first === undefined ? undefined : Math.clz32(first) - 23;
}

function vint(buffer: Buffer, offset: number, bytes: number): number | undefined {
  let value = buffer[offset]! & (0xff >> bytes);
  let isUnknown = value === 0xff >> bytes;
  for (let at = offset + 1; at < offset + bytes; at++) {
    isUnknown &&= buffer[at] === 0xff;
    value = value * 256 + buffer[at]!;
  }
  return isUnknown ? undefined : value;
}

function uintOf(data: Buffer): number {
  if (data.length > 8) return 0;
  const value = data.reduce((sum, byte) => sum * 256 + byte, 0);
  return Number.isSafeInteger(value) ? value : 0;
}
