/** Elements of WebM for tests (RFC 8794, RFC 9559). */
export const WEBM_ID = {
  ebml: '1a45dfa3',
  segment: '18538067',
  info: '1549a966',
  tracks: '1654ae6b',
  cues: '1c53bb6b',
  void: 'ec',
  cluster: '1f43b675',
  timestamp: 'e7',
  simpleBlock: 'a3',
  blockGroup: 'a0',
  block: 'a1',
} as const;

type Content = Buffer | number | readonly Buffer[];

function bytesOf(content: Content): Buffer {
  if (typeof content === 'number') return Buffer.from([content >> 8, content & 0xff]);
  return Buffer.isBuffer(content) ? content : Buffer.concat(content);
}

/** An element with its size in four bytes; a number is content of two. */
export function element(id: string, content: Content): Buffer {
  const bytes = bytesOf(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x10000000 + bytes.length);
  return Buffer.concat([Buffer.from(id, 'hex'), size, bytes]);
}

/** An element that tells no size. */
export function unsized(id: string, content: Content): Buffer {
  return Buffer.concat([Buffer.from(`${id}01ffffffffffffff`, 'hex'), bytesOf(content)]);
}

/** A block of the first track, at so many steps from its cluster. */
export function simpleBlock(step: number, frame: Buffer, flags = 0x80): Buffer {
  const head = Buffer.from([0x81, 0, 0, flags]);
  head.writeInt16BE(step, 1);
  return element(WEBM_ID.simpleBlock, [head, frame]);
}

/** The headers of a stream with one track. */
export function webmHeaders({ codec = 'A_OPUS', docType = 'webm', type = 2, rate = 48_000, tracks = 1 } = {}): Buffer {
  const frequency = Buffer.alloc(8);
  frequency.writeDoubleBE(rate);
  const audio = element('e1', [element('b5', frequency), element('9f', 2)]);
  const entry = element('ae', [element('83', type), element('86', Buffer.from(codec)), audio]);
  return Buffer.concat([
    element(WEBM_ID.ebml, element('4282', Buffer.from(docType))),
    unsized(WEBM_ID.segment, []),
    element(WEBM_ID.info, element('2ad7b1', Buffer.from('0f4240', 'hex'))),
    element(
      WEBM_ID.tracks,
      Array.from({ length: tracks }, () => entry),
    ),
  ]);
}
