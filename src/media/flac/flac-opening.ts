import type { TrackMetadata } from '../../core/fragment.ts';
import { metadataOfTags } from '../tags/tags.ts';
import { parseCommentBlock } from '../tags/vorbis-comment.ts';
import { endlessStreamInfo, type FlacStreamInfo, parseStreamInfo, STREAM_INFO_BYTES } from './flac-header.ts';

const MAGIC = Buffer.from('fLaC', 'latin1');
const BLOCK_HEADER_BYTES = 4;

/** The magic and the first block, which is STREAMINFO. */
export const OPENING_BYTES = MAGIC.length + BLOCK_HEADER_BYTES + STREAM_INFO_BYTES;

const LAST_BLOCK = 0x80;
const COMMENT = 4;
const FORBIDDEN = 127;
const MAX_COMMENT_BYTES = 128 * 1024;
/** Of all blocks: a picture may have 16 MiB. */
const MAX_OPENING_BYTES = 32 * 1024 * 1024;
const MAX_BLOCKS = 1000;

/** A metadata block. */
export interface FlacBlock {
  readonly bytes: number;
  /** It is one of the headers for joiners. */
  readonly isKept: boolean;
}

/** True when what there is of a stream from `offset` on begins as FLAC does; one byte at least. */
export function beginsFlac(buffer: Buffer, offset: number): boolean {
  const known = Math.min(MAGIC.length, buffer.length - offset);
  return known > 0 && buffer.compare(MAGIC, 0, known, offset, offset + known) === 0;
}

/** The start of a stream: `fLaC`, STREAMINFO, and further metadata blocks (RFC 9639 section 8). */
export class FlacOpening {
  readonly info: FlacStreamInfo;
  metadata: TrackMetadata | undefined;
  readonly #kept: Buffer[];
  #isWhole: boolean;
  #bytes = 0;
  #blocks = 1;

  private constructor(info: FlacStreamInfo, first: Buffer) {
    this.info = info;
    this.#isWhole = (first[0]! & LAST_BLOCK) !== 0;
    this.#kept = [
      Buffer.concat([first.subarray(0, BLOCK_HEADER_BYTES), endlessStreamInfo(first.subarray(BLOCK_HEADER_BYTES))]),
    ];
  }

  /** The opening whose first `OPENING_BYTES` are at `offset`; undefined when they are not there. */
  static at(buffer: Buffer, offset: number): FlacOpening | undefined {
    if (offset + OPENING_BYTES > buffer.length) return undefined;
    const first = buffer.subarray(offset + MAGIC.length, offset + OPENING_BYTES);
    if ((first.readUInt32BE(0) & 0x7fffffff) !== STREAM_INFO_BYTES) return undefined;
    const info = parseStreamInfo(first.subarray(BLOCK_HEADER_BYTES));
    return info && new FlacOpening(info, first);
  }

  /** All blocks were taken. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Takes the block at `offset`. Gives the bytes that it needs when they are not there, undefined when there is none. */
  blockAt(buffer: Buffer, offset: number): FlacBlock | number | undefined {
    const left = buffer.length - offset;
    if (left < BLOCK_HEADER_BYTES) return BLOCK_HEADER_BYTES;
    const type = buffer[offset]! & ~LAST_BLOCK;
    const bytes = BLOCK_HEADER_BYTES + buffer.readUIntBE(offset + 1, 3);
    if (type === 0 || type === FORBIDDEN || this.#bytes + bytes > MAX_OPENING_BYTES || this.#blocks === MAX_BLOCKS) {
      return undefined;
    }
    const isKept = type === COMMENT && bytes <= MAX_COMMENT_BYTES && this.#kept.length === 1;
    if (isKept && left < bytes) return bytes;
    this.#bytes += bytes;
    this.#blocks++;
    this.#isWhole = (buffer[offset]! & LAST_BLOCK) !== 0;
    if (isKept) this.#keep(Buffer.from(buffer.subarray(offset, offset + bytes)));
    return { bytes, isKept };
  }

  /** What a decoder needs first: the blocks kept, the last of them marked so. */
  headers(): Buffer {
    for (const [index, block] of this.#kept.entries()) {
      const isLast = index === this.#kept.length - 1;
      block[0] = (block[0]! & ~LAST_BLOCK) | (isLast ? LAST_BLOCK : 0);
    }
    return Buffer.concat([MAGIC, ...this.#kept]);
  }

  #keep(block: Buffer): void {
    this.#kept.push(block);
    this.metadata = metadataOfTags(parseCommentBlock(block.subarray(BLOCK_HEADER_BYTES)));
  }
}
