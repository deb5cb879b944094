import type { StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import { metadataOfTags } from '../tags/tags.ts';
import { parseVorbisComment } from '../tags/vorbis-comment.ts';
import { GranuleTime } from './granule-time.ts';
import { isFlacAudio, type OggCodec } from './ogg-codec.ts';
import { endsInPacket, OGG_HEADER_BYTES, type OggPage, packetsEnding, packetsOf } from './ogg-page.ts';

/** Most bytes of header pages, and of pages that one packet goes over. */
export const MAX_OGG_RUN_BYTES = 1024 * 1024;

/** The comment header follows the first packet in all codecs that are known. */
const COMMENT_PACKET = 1;

/** What a page is to its link. */
export type PageRole =
  | 'header' // a header page, more follow
  | 'last-header' // the headers are whole
  | 'audio' // audio begins with this page: decide again with `format` set
  | 'broken'; // the headers end inside the page

/** One logical stream in a chain, from its first page on. */
export class OggLink {
  readonly serial: number;
  readonly codec: OggCodec;
  readonly time: GranuleTime;
  #headerPages: OggPage[];
  #headerBytes: number;
  #packets: number;
  #format: StreamFormat | undefined;
  #metadata: TrackMetadata | undefined;

  constructor(first: OggPage, codec: OggCodec) {
    this.serial = first.serial;
    this.codec = codec;
    this.time = new GranuleTime(codec);
    this.#headerPages = [first];
    this.#headerBytes = first.bytes.length;
    this.#packets = packetsEnding(first);
  }

  /** Set when all headers are there. */
  get format(): StreamFormat | undefined {
    return this.#format;
  }

  /** Only first pages have come so far. */
  get isOpening(): boolean {
    return this.#headerPages.length === 1 && this.#format === undefined;
  }

  get headerBytes(): number {
    return this.#headerBytes;
  }

  /** Takes a page while `format` is undefined. */
  takeHeader(page: OggPage, contentType: string): PageRole {
    if (
      this.codec.headerPackets === undefined &&
      !page.continued &&
      isFlacAudio(page.bytes[OGG_HEADER_BYTES + page.lacing.length])
    ) {
      this.#finish(contentType);
      return 'audio';
    }
    this.#headerPages.push(page);
    this.#headerBytes += page.bytes.length;
    this.#packets += packetsEnding(page);
    if (this.codec.headerPackets === undefined || this.#packets < this.codec.headerPackets) return 'header';
    if (endsInPacket(page) || this.#packets > this.codec.headerPackets) return 'broken';
    this.#finish(contentType);
    return 'last-header';
  }

  /** The title in the headers; given once. */
  takeMetadata(): TrackMetadata | undefined {
    const metadata = this.#metadata;
    this.#metadata = undefined;
    return metadata;
  }

  #finish(contentType: string): void {
    const comment = packetsOf(this.#headerPages)[COMMENT_PACKET];
    this.#metadata = comment && metadataOfTags(parseVorbisComment(comment));
    this.#format = {
      contentType,
      codec: this.codec.codec,
      sampleRate: this.codec.sampleRate,
      channels: this.codec.channels,
      headers: Buffer.concat(this.#headerPages.map(({ bytes }) => bytes)),
      primeFrames: this.codec.primeFrames,
      latticeBytes: undefined,
    };
    this.#headerPages = [];
  }
}
