import { oggCrc } from '../../src/media/ogg/ogg-page.ts';

/** What a page made by `oggPage` says; everything has a default. */
export interface OggPageOptions {
  readonly flags?: number;
  readonly granule?: bigint;
  readonly serial?: number;
  readonly sequence?: number;
  /** Sizes of the segments; by default those of one packet that ends here. */
  readonly lacing?: readonly number[];
}

/** A page with the right checksum. */
export function oggPage(payload: Buffer, options: OggPageOptions = {}): Buffer {
  const lacing = options.lacing ?? [
    ...Array.from({ length: Math.floor(payload.length / 255) }, () => 255),
    payload.length % 255,
  ];
  const head = Buffer.alloc(27);
  head.write('OggS', 'latin1');
  head[5] = options.flags ?? 0;
  head.writeBigInt64LE(options.granule ?? 0n, 6);
  head.writeUInt32LE(options.serial ?? 1, 14);
  head.writeUInt32LE(options.sequence ?? 0, 18);
  head[26] = lacing.length;
  const page = Buffer.concat([head, Buffer.from(lacing), payload]);
  page.writeUInt32LE(oggCrc(page), 22);
  return page;
}

/** The first packet of an Opus stream. */
export function opusHead(channels = 2, preSkip = 312): Buffer {
  const head = Buffer.from('OpusHead\x01\x02\0\0\x80\xbb\0\0\0\0\0', 'latin1');
  head[9] = channels;
  head.writeUInt16LE(preSkip, 10);
  return head;
}

/** The comment packet of an Opus stream. */
export function opusTags(...comments: readonly string[]): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const parts = comments.flatMap((text) => [number(Buffer.byteLength(text)), Buffer.from(text)]);
  return Buffer.concat([Buffer.from('OpusTags'), number(0), number(comments.length), ...parts]);
}

/** A packet of 20 ms (CELT, one frame). */
export function opusPacket(bytes = 60, fill = 1): Buffer {
  const packet = Buffer.alloc(bytes, fill);
  packet[0] = 0xfc;
  return packet;
}

/** The two header pages of an Opus link. */
export function opusHeaders(serial: number, ...comments: readonly string[]): Buffer {
  return Buffer.concat([
    oggPage(opusHead(), { flags: 2, serial }),
    oggPage(opusTags(...comments), { serial, sequence: 1 }),
  ]);
}

/** A page of one Opus packet of 20 ms; `index` counts from 0. */
export function opusPage(serial: number, index: number): Buffer {
  return oggPage(opusPacket(60, index & 0x7f), { serial, sequence: index + 2, granule: BigInt((index + 1) * 960) });
}
