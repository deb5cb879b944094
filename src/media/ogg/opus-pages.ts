/**
 * Writes Opus as Ogg (RFC 7845): pages of whole packets, so that a listener may begin at each.
 * @module
 */
import { OGG_HEADER_BYTES, OGG_MAGIC, oggCrc } from './ogg-page.ts';

const FLAG_FIRST = 2;
const FLAG_LAST = 4;
const CRC_OFFSET = 22;
const MAX_SEGMENTS = 255;
/** libopus looks ahead 6.5 ms; granules count at 48 kHz whatever the input's rate. */
export const OPUS_PRE_SKIP = 312;
const GRANULE_RATE = 48_000;

/** What an Opus stream says of itself. */
export interface OpusStreamOptions {
  readonly channels: number;
  /** Of the original, for information. */
  readonly inputSampleRate: number;
  /** The encoder's name, for the comment header. */
  readonly vendor: string;
  readonly serial: number;
  readonly packetsPerPage: number;
}

/** Puts packets of one stream into pages. */
export class OpusPages {
  /** The two header pages. */
  readonly headers: Buffer;
  readonly #options: OpusStreamOptions;
  #sequence = 0;
  #granule = 0;
  #packets: Uint8Array[] = [];

  constructor(options: OpusStreamOptions) {
    this.#options = options;
    this.headers = Buffer.concat([
      this.#page([opusHead(options)], { flags: FLAG_FIRST, granule: 0 }),
      this.#page([opusTags(options.vendor)], { flags: 0, granule: 0 }),
    ]);
  }

  /** Takes a packet (kept until its page is full) of so many samples at 48 kHz. Answers the page that it ends, if any. */
  push(packet: Uint8Array, samples: number): Buffer | undefined {
    const segments = [...this.#packets, packet].reduce((sum, { length }) => sum + Math.floor(length / 255) + 1, 0);
    const full = segments > MAX_SEGMENTS ? this.#end(0) : undefined;
    this.#packets.push(packet);
    this.#granule += samples;
    if (full) return full;
    return this.#packets.length >= this.#options.packetsPerPage ? this.#end(0) : undefined;
  }

  /** The last page; undefined when nothing waits. `samples` of silence at its end are not meant to be heard. */
  finish(samples = 0): Buffer | undefined {
    this.#granule -= samples;
    return this.#packets.length > 0 ? this.#end(FLAG_LAST) : undefined;
  }

  #end(flags: number): Buffer {
    const packets = this.#packets;
    this.#packets = [];
    return this.#page(packets, { flags, granule: this.#granule });
  }

  #page(packets: readonly Uint8Array[], { flags, granule }: { flags: number; granule: number }): Buffer {
    const lacing = packets.flatMap(({ length }) => [...Array(Math.floor(length / 255)).fill(255), length % 255]);
    const head = Buffer.alloc(OGG_HEADER_BYTES);
    OGG_MAGIC.copy(head);
    head[5] = flags;
    head.writeBigInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(this.#options.serial >>> 0, 14);
    head.writeUInt32LE(this.#sequence++, 18);
    head[26] = lacing.length;
    const page = Buffer.concat([head, Buffer.from(lacing), ...packets]);
    page.writeUInt32LE(oggCrc(page), CRC_OFFSET);
    return page;
  }
}

/** Samples at 48 kHz for samples of another rate that Opus knows. */
export function granuleSamples(samples: number, sampleRate: number): number {
  return (samples * GRANULE_RATE) / sampleRate;
}

/** RFC 7845 section 5.1; mapping family 0. */
function opusHead({ channels, inputSampleRate }: OpusStreamOptions): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head[8] = 1;
  head[9] = channels;
  head.writeUInt16LE(OPUS_PRE_SKIP, 10);
  head.writeUInt32LE(inputSampleRate, 12);
  return head;
}

/** RFC 7845 section 5.2, without comments. */
function opusTags(vendor: string): Buffer {
  const name = Buffer.from(vendor);
  const tags = Buffer.alloc(8 + 4 + name.length + 4);
  tags.write('OpusTags', 'latin1');
  tags.writeUInt32LE(name.length, 8);
  name.copy(tags, 12);
  return tags;
}
