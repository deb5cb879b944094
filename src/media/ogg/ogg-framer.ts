import type { Frame } from '../framer.ts';
import { MAX_GARBAGE_BYTES } from '../sync/probing-framer.ts';
import { ScanningFramer } from '../sync/scanning-framer.ts';
import { tagSize } from '../sync/tag-size.ts';
import { describeOggCodec, identifyOggCodec } from './ogg-codec.ts';
import { MAX_OGG_RUN_BYTES, OggLink } from './ogg-link.ts';
import {
  endsInPacket,
  OGG_HEADER_BYTES,
  OGG_MAGIC,
  type OggPage,
  oggPageSize,
  packetsOf,
  parseOggPage,
} from './ogg-page.ts';

/** Settings of an `OggFramer`. */
export interface OggFramerOptions {
  /** MIME type for listeners; `application/ogg` when left out. */
  readonly contentType?: string | undefined;
}

/**
 * Checksums of bytes that turn out to be no page cost time. Every byte that is passed pays for so many; hostile
 * streams that claim page after page run out of it.
 */
const CHECKED_BYTES_PER_BYTE = 8;
const CHECKED_BYTES_AT_START = 1024 * 1024;

/**
 * Pages of Ogg Vorbis, Opus and FLAC. A frame is a page, or the pages that one
 * packet goes over; header pages are in `format.headers` and in no frame. A
 * new link of a chain has a new format, and its title is with its first frame.
 * Several streams at once and other codecs are passed on as opaque bytes.
 */
export class OggFramer extends ScanningFramer {
  readonly #contentType: string;
  #link: OggLink | undefined;
  #confirmed = false;
  /** Header pages of a link that has no frame yet. */
  #heldHeaderBytes = 0;
  /** Pages of a packet that has not ended yet. */
  #group: OggPage[] = [];
  #groupBytes = 0;
  #nextSequence = 0;
  #checkableBytes = CHECKED_BYTES_AT_START;

  constructor(options: OggFramerOptions = {}) {
    const contentType = options.contentType ?? 'application/ogg';
    super(contentType);
    this.#contentType = contentType;
  }

  override get confirmed(): boolean {
    return this.#confirmed;
  }

  protected override step(frames: Frame[]): boolean {
    const found = this.buffer.indexOf(OGG_MAGIC, this.at);
    if (found === this.at) return this.#takePage(frames);
    const size = tagSize(this.buffer, this.at, false);
    if (size > 0) return this.skip(size);
    if (size < 0 && !this.ended) return this.wait(-size);
    // The magic may begin in the last bytes.
    const end = found === -1 ? Math.max(this.at, this.buffer.length - OGG_MAGIC.length + 1) : found;
    return this.#passGarbage(end, frames) && (found !== -1 || this.wait(OGG_HEADER_BYTES));
  }

  /** False when that was too much. */
  #passGarbage(end: number, frames: Frame[]): boolean {
    this.#checkableBytes += (end - this.at) * CHECKED_BYTES_PER_BYTE;
    this.holdGarbage(end);
    return !this.#isBeyondHope(frames);
  }

  #isBeyondHope(frames: Frame[]): boolean {
    if (!this.isLost && this.#checkableBytes >= 0) return false;
    this.giveUp(frames, `no Ogg pages were found for ${MAX_GARBAGE_BYTES / 1024} KiB; passed on unchanged from there`);
    return true;
  }

  #takePage(frames: Frame[]): boolean {
    const size = oggPageSize(this.buffer, this.at);
    if (size < 0) return this.wait(-size);
    if (this.at + size > this.buffer.length) return this.wait(size);
    const page = size === 0 ? undefined : parseOggPage(this.buffer.subarray(this.at, this.at + size));
    if (!page) {
      this.#checkableBytes -= size;
      return this.#passGarbage(this.at + OGG_MAGIC.length, frames);
    }
    this.#checkableBytes += size * CHECKED_BYTES_PER_BYTE;
    return page.isFirst ? this.#beginLink(page, frames) : this.#continueLink(page, frames);
  }

  #beginLink(page: OggPage, frames: Frame[]): boolean {
    const before = this.#link;
    if (before?.isOpening && before.serial !== page.serial) return this.#passOn('several streams at once', frames);
    const [packet] = packetsOf([page]);
    const codec = packet && identifyOggCodec(packet);
    this.#confirmed = true;
    if (!codec || endsInPacket(page)) return this.#passOn(describeOggCodec(packet ?? page.bytes), frames);
    // What the link before did not finish is left out.
    this.#dropGroup();
    this.spoilParts(this.#heldHeaderBytes);
    this.#link = new OggLink(page, codec);
    this.#nextSequence = (page.sequence + 1) >>> 0;
    this.#heldHeaderBytes = 0;
    this.#holdHeader(page);
    return !this.#isBeyondHope(frames);
  }

  #continueLink(page: OggPage, frames: Frame[]): boolean {
    const link = this.#link;
    if (!link || page.serial !== link.serial) return this.#passGarbage(this.at + page.bytes.length, frames);
    const follows = page.sequence === this.#nextSequence;
    this.#nextSequence = (page.sequence + 1) >>> 0;
    if (link.format) return this.#takeAudio(page, follows, link, frames);
    switch (link.takeHeader(page, this.#contentType)) {
      case 'audio':
        return this.#takeAudio(page, follows, link, frames);
      case 'broken':
        return this.#passOn('headers that do not end with a page', frames);
      default:
        if (link.headerBytes > MAX_OGG_RUN_BYTES) return this.#passOn('headers of more than 1 MiB', frames);
        this.#holdHeader(page);
        return true;
    }
  }

  #holdHeader(page: OggPage): void {
    this.#heldHeaderBytes += page.bytes.length;
    this.holdPart(this.at + page.bytes.length);
  }

  #takeAudio(page: OggPage, follows: boolean, link: OggLink, frames: Frame[]): boolean {
    const belongs = page.continued === this.#group.length > 0 && (follows || !page.continued);
    if (!belongs) this.#dropGroup();
    // Its first packet has lost its beginning.
    if (!belongs && page.continued) return this.#passGarbage(this.at + page.bytes.length, frames);
    this.#group.push(page);
    this.#groupBytes += page.bytes.length;
    this.holdPart(this.at + page.bytes.length);
    if (endsInPacket(page)) {
      return this.#groupBytes <= MAX_OGG_RUN_BYTES
        ? !this.#isBeyondHope(frames)
        : this.#passOn('packets of more than 1 MiB', frames);
    }
    frames.push(this.#frameOf(link));
    this.#group = [];
    this.#groupBytes = 0;
    this.#heldHeaderBytes = 0;
    this.dropHeld();
    return true;
  }

  #frameOf(link: OggLink): Frame {
    const pages = this.#group;
    const data = pages.length === 1 ? pages[0]!.bytes : Buffer.concat(pages.map(({ bytes }) => bytes));
    const frame = { data, durationUs: link.time.durationUs(pages), format: link.format! };
    const metadata = link.takeMetadata();
    return metadata ? { ...frame, metadata } : frame;
  }

  #dropGroup(): void {
    this.spoilParts(this.#groupBytes);
    this.#group = [];
    this.#groupBytes = 0;
  }

  #passOn(what: string, frames: Frame[]): false {
    return this.giveUp(frames, `the Ogg stream has ${what}; passed on unchanged`);
  }
}
