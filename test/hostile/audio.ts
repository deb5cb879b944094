/** A body that a source might send under a content type. */
export interface HostileAudio {
  readonly id: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

const SIZE = 1024 * 1024;
const filled = (pattern: Buffer, length = SIZE) => Buffer.alloc(length, pattern);
const adts = (frameLength: number) =>
  Buffer.from([
    0xff,
    0xf1,
    0x50,
    0x80 | (frameLength >> 11),
    (frameLength >> 3) & 0xff,
    ((frameLength & 7) << 5) | 0x1f,
    0xfc,
  ]);

function oggPage(options: {
  flags?: number;
  granule?: bigint;
  serial?: number;
  sequence?: number;
  segments: readonly number[];
  body?: Buffer;
}): Buffer {
  const { flags = 0, granule = 0n, serial = 1, sequence = 0, segments, body } = options;
  const head = Buffer.alloc(27 + segments.length);
  head.write('OggS', 0, 'latin1');
  head[5] = flags;
  head.writeBigInt64LE(granule, 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(sequence, 18);
  head[26] = segments.length;
  Buffer.from(segments).copy(head, 27);
  const length = segments.reduce((sum, value) => sum + value, 0);
  return Buffer.concat([head, body ?? Buffer.alloc(length, 'x')]);
}

const full = new Array<number>(255).fill(255);
const opusHead = Buffer.from('OpusHead\x01\x02\0\0\x80\xbb\0\0\0\0\0', 'latin1');
const begin = (serial: number) => oggPage({ flags: 2, serial, segments: [opusHead.length], body: opusHead });

/** Audio that is none, or breaks its own rules: each is worked through to its end, within the bounds. */
export const HOSTILE_AUDIO: readonly HostileAudio[] = [
  { id: 'mp3-only-sync', contentType: 'audio/mpeg', bytes: filled(Buffer.from([0xff])) },
  { id: 'mp3-reserved', contentType: 'audio/mpeg', bytes: filled(Buffer.from([0xff, 0xeb, 0xf0, 0x0c])) },
  { id: 'mp3-headers-only', contentType: 'audio/mpeg', bytes: filled(Buffer.from([0xff, 0xfb, 0x90, 0x00])) },
  { id: 'mp3-free-format', contentType: 'audio/mpeg', bytes: filled(Buffer.from([0xff, 0xfb, 0x00, 0x00, 1, 2, 3])) },
  {
    id: 'mp3-id3-256m',
    contentType: 'audio/mpeg',
    bytes: Buffer.concat([Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7f', 'latin1'), filled(Buffer.from([0]))]),
  },
  {
    id: 'mp3-id3-bad-size',
    contentType: 'audio/mpeg',
    bytes: Buffer.concat([Buffer.from('ID3\x04\0\0\xff\xff\xff\xff', 'latin1'), filled(Buffer.from([0xff, 0]))]),
  },
  { id: 'mp3-id3-again', contentType: 'audio/mpeg', bytes: filled(Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1')) },
  {
    id: 'mp3-ape-again',
    contentType: 'audio/mpeg',
    bytes: filled(
      Buffer.from('APETAGEX\xd0\x07\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\xa0\0\0\0\0\0\0\0\0', 'latin1'),
    ),
  },
  { id: 'adts-length-0', contentType: 'audio/aac', bytes: filled(adts(0)) },
  { id: 'adts-length-6', contentType: 'audio/aac', bytes: filled(adts(6)) },
  { id: 'adts-length-7', contentType: 'audio/aac', bytes: filled(adts(7)) },
  { id: 'adts-length-8191', contentType: 'audio/aac', bytes: filled(adts(8191)) },
  {
    id: 'adts-lengths',
    contentType: 'audio/aac',
    bytes: Buffer.concat(Array.from({ length: 8192 }, (_, length) => adts(length))),
  },
  { id: 'ogg-capture-only', contentType: 'application/ogg', bytes: filled(Buffer.from('OggS')) },
  { id: 'ogg-empty-pages', contentType: 'application/ogg', bytes: filled(oggPage({ segments: [] })) },
  {
    id: 'ogg-no-end-of-packet',
    contentType: 'application/ogg',
    bytes: Buffer.concat([
      begin(1),
      ...Array.from({ length: 20 }, (_, n) => oggPage({ flags: 1, sequence: n + 1, segments: full, granule: -1n })),
    ]),
  },
  {
    id: 'ogg-granules',
    contentType: 'application/ogg',
    bytes: Buffer.concat([
      begin(1),
      ...[-1n, 2n ** 63n - 1n, 0n, -(2n ** 63n), 1n].map((granule, n) =>
        oggPage({ sequence: n + 1, segments: [10], granule }),
      ),
    ]),
  },
  {
    id: 'ogg-begins-10000',
    contentType: 'application/ogg',
    bytes: Buffer.concat(Array.from({ length: 10_000 }, (_, n) => begin(n))),
  },
  { id: 'ogg-begins-twice', contentType: 'application/ogg', bytes: filled(begin(1)) },
  { id: 'ogg-bad-crc', contentType: 'application/ogg', bytes: filled(oggPage({ flags: 2, segments: [255, 10] })) },
  { id: 'wrong-type', contentType: 'audio/mpeg', bytes: filled(Buffer.from('<html><script>alert(1)</script>')) },
  { id: 'zeros', contentType: 'audio/aac', bytes: filled(Buffer.from([0])) },
  {
    id: 'no-type',
    contentType: 'application/octet-stream',
    bytes: filled(Buffer.from([0xff, 0xfb, 0xff, 0xf1, 0x4f, 0x67, 0x67, 0x53])),
  },
  { id: 'strange-type', contentType: 'audio/\x9b2J;x="\xff', bytes: filled(Buffer.from('x')) },
];
