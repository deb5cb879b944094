import type { StreamFormat } from '../../core/fragment.ts';
import type { Frame } from '../framer.ts';
import { OPUS_PRIME_FRAMES } from '../ogg/ogg-codec.ts';
import { MAX_GARBAGE_BYTES } from '../sync/probing-framer.ts';
import { ScanningFramer } from '../sync/scanning-framer.ts';
import { ClusterTime } from './cluster-time.ts';
import { type EbmlHead, MAX_EBML_HEAD_BYTES, readEbmlHead, withUnknownSize } from './ebml.ts';
import { ID, timestampScaleOf, webmDocType, webmTrackOf } from './webm-header.ts';

const EBML_MAGIC = Buffer.from('1a45dfa3', 'hex');
const CLUSTER_MAGIC = Buffer.from('1f43b675', 'hex');

const MAX_EBML_HEADER_BYTES = 4096;
/** Of the elements kept for joiners. */
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_CLUSTER_BYTES = 1024 * 1024;
/** Of all elements before the first cluster: some streams carry pictures. */
const MAX_OPENING_BYTES = 32 * 1024 * 1024;
const SENSELESS = 'headers that make no sense';
/** Ids of four bytes belong to the segment, shorter ones to a cluster; `Void` and `CRC-32` to both. */
const LONGEST_CHILD_ID = 0xffff;
const VOID = 0xec;
const CRC32 = 0xbf;

/**
 * Walking through bytes that turn out to be no cluster costs time. Every byte that is passed pays for so many;
 * hostile streams that claim cluster after cluster run out of it.
 */
const WALKED_BYTES_PER_BYTE = 8;
const WALKED_BYTES_AT_START = 4 * 1024 * 1024;

/** The start of a stream that is being read. */
interface Opening {
  readonly docType: 'webm' | 'matroska';
  readonly kept: Buffer[];
  /** Of all elements so far, the segment's own head apart. */
  bytes: number;
  isInSegment: boolean;
  info: Buffer | undefined;
  tracks: Buffer | undefined;
}

/**
 * Clusters of WebM and Matroska with one track of Opus or Vorbis (RFC 9559). A frame is a cluster, for only there a
 * decoder can begin; one that tells no size is given when the next begins. What comes before the first cluster is in
 * `format.headers`, but not what tells of places in a file (seek heads, cues), and the segment has no size there.
 */
export class WebmFramer extends ScanningFramer {
  #opening: Opening | undefined;
  #confirmed = false;
  #format: StreamFormat | undefined;
  #time: ClusterTime | undefined;
  /** Of the cluster that is worked on, bytes that were walked through. */
  #walked = 0;
  #walkableBytes = WALKED_BYTES_AT_START;
  /** Headers of a stream that has no cluster yet. */
  #heldOpeningBytes = 0;

  /** @param contentType what opaque bytes are sent as */
  constructor(contentType = 'audio/webm') {
    super(contentType);
  }

  override get confirmed(): boolean {
    return this.#confirmed;
  }

  protected override step(frames: Frame[]): boolean {
    if (!this.#opening && !this.#format) return this.#begin(frames);
    const head = readEbmlHead(this.buffer, this.at);
    if (head === 'short') return this.wait(MAX_EBML_HEAD_BYTES);
    if (!head) return this.#opening ? this.#passOn(SENSELESS, frames) : this.#seek(frames);
    if (head.id === ID.cluster) return this.#takeCluster(head, frames);
    if (head.id === ID.ebml) return this.#open(head, frames);
    return this.#opening ? this.#readOpening(this.#opening, head, frames) : this.#passElement(head, frames);
  }

  /** A stream begins here or never. */
  #begin(frames: Frame[]): boolean {
    const known = Math.min(EBML_MAGIC.length, this.buffer.length - this.at);
    const isBegun =
      this.garbageBytes === 0 && this.buffer.compare(EBML_MAGIC, 0, known, this.at, this.at + known) === 0;
    const head = isBegun ? readEbmlHead(this.buffer, this.at) : undefined;
    if (head === 'short' && !this.ended) return this.wait(MAX_EBML_HEAD_BYTES);
    if (head && head !== 'short') return this.#open(head, frames);
    this.holdGarbage(this.buffer.length);
    return this.isLost ? this.#giveUpClusters(frames) : this.wait(1);
  }

  #open({ headBytes, size }: EbmlHead, frames: Frame[]): boolean {
    const bytes = headBytes + (size ?? Number.POSITIVE_INFINITY);
    if (bytes > MAX_EBML_HEADER_BYTES) return this.#passGarbage(EBML_MAGIC.length, frames);
    if (this.buffer.length - this.at < bytes) return this.wait(bytes);
    const header = this.buffer.subarray(this.at, this.at + bytes);
    const docType = webmDocType(header.subarray(headBytes));
    if (!docType) return this.#passGarbage(EBML_MAGIC.length, frames);
    this.#confirmed = true;
    // The opening before had no cluster.
    this.spoilParts(this.#heldOpeningBytes);
    if (this.isLost) return this.#giveUpClusters(frames);
    this.#heldOpeningBytes = bytes;
    this.#opening = {
      docType,
      kept: [header],
      bytes,
      isInSegment: false,
      info: undefined,
      tracks: undefined,
    };
    this.holdPart(this.at + bytes);
    return true;
  }

  #readOpening(opening: Opening, { id, headBytes, size }: EbmlHead, frames: Frame[]): boolean {
    if (id === ID.segment && !opening.isInSegment) {
      opening.isInSegment = true;
      return this.#keep(opening, withUnknownSize(this.buffer, this.at, headBytes));
    }
    const bytes = headBytes + (size ?? Number.POSITIVE_INFINITY);
    if (!opening.isInSegment || !isElement(id) || opening.bytes + bytes > MAX_OPENING_BYTES) {
      return this.#passOn(SENSELESS, frames);
    }
    const isKept = id === ID.info || id === ID.tracks || id === ID.tags;
    if (isKept && this.#heldOpeningBytes + bytes > MAX_HEADER_BYTES) {
      return this.#passOn('headers of more than 256 KiB', frames);
    }
    if (isKept && this.buffer.length - this.at < bytes) return this.wait(bytes);
    opening.bytes += bytes;
    if (!isKept) return this.skip(bytes);
    const element = this.buffer.subarray(this.at, this.at + bytes);
    if (id === ID.info) opening.info = element.subarray(headBytes);
    if (id === ID.tracks) opening.tracks = element.subarray(headBytes);
    return this.#keep(opening, element);
  }

  #keep(opening: Opening, element: Buffer): true {
    opening.kept.push(element);
    this.#heldOpeningBytes += element.length;
    this.holdPart(this.at + element.length);
    return true;
  }

  #endOpening(opening: Opening, frames: Frame[]): boolean {
    const track = webmTrackOf(opening.tracks);
    if (typeof track === 'string') return this.#passOn(track, frames);
    this.#opening = undefined;
    this.#time = new ClusterTime(track, timestampScaleOf(opening.info));
    this.#format = {
      contentType: opening.docType === 'webm' ? 'audio/webm' : 'audio/x-matroska',
      codec: track.codec,
      sampleRate: track.sampleRate,
      channels: track.channels,
      headers: Buffer.concat(opening.kept),
      primeFrames: track.codec === 'opus' ? OPUS_PRIME_FRAMES : 0,
      latticeBytes: undefined,
    };
    return true;
  }

  #takeCluster({ headBytes, size }: EbmlHead, frames: Frame[]): boolean {
    if (this.#opening) return this.#endOpening(this.#opening, frames);
    const most = size === undefined ? undefined : headBytes + size;
    if ((most ?? this.#walked) > MAX_CLUSTER_BYTES) return this.#passOn('clusters of more than 1 MiB', frames);
    if (most !== undefined && this.buffer.length - this.at < most) return this.wait(most);
    const end = this.#walk(Math.max(headBytes, this.#walked), most);
    if (end === 'broken') {
      this.#walkableBytes -= this.#walked;
      return this.#passGarbage(CLUSTER_MAGIC.length, frames);
    }
    if (end !== 'whole' && !(this.ended && this.#walked > headBytes)) return this.wait(end);
    this.#giveCluster(headBytes, this.#walked, frames);
    return end === 'whole';
  }

  /**
   * Goes through the children of a cluster from `from` on, up to `most` bytes from its start or, where that is not
   * known, up to what is no child of a cluster. Gives the bytes from its start that are needed where it has no end yet.
   */
  #walk(from: number, most: number | undefined): 'whole' | 'broken' | number {
    for (let walked = from; ; ) {
      this.#walked = walked;
      if (walked === most) return 'whole';
      const child = readEbmlHead(this.buffer, this.at + walked);
      if (child === 'short') return most === undefined ? walked + MAX_EBML_HEAD_BYTES : 'broken';
      if (!child) return 'broken';
      if (child.id > LONGEST_CHILD_ID) return most === undefined && walked > 0 ? 'whole' : 'broken';
      const end = walked + child.headBytes + (child.size ?? Number.POSITIVE_INFINITY);
      if (end > (most ?? MAX_CLUSTER_BYTES)) return 'broken';
      if (this.at + end > this.buffer.length) return end;
      walked = end;
    }
  }

  #giveCluster(headBytes: number, bytes: number, frames: Frame[]): void {
    const data = this.buffer.subarray(this.at, this.at + bytes);
    frames.push({ data, durationUs: this.#time!.durationUs(data.subarray(headBytes)), format: this.#format! });
    this.dropHeld();
    this.#heldOpeningBytes = 0;
    this.at += bytes;
    this.#walked = 0;
    this.#walkableBytes = Math.min(WALKED_BYTES_AT_START, this.#walkableBytes + bytes * WALKED_BYTES_PER_BYTE);
  }

  /** An element between clusters: cues, tags; garbage when it is none. */
  #passElement({ id, headBytes, size }: EbmlHead, frames: Frame[]): boolean {
    const isOne = isElement(id) && size !== undefined && size <= MAX_CLUSTER_BYTES && this.garbageBytes === 0;
    if (!isOne) return this.#seek(frames);
    return this.skip(headBytes + size);
  }

  /** Looks for the next cluster or stream. */
  #seek(frames: Frame[]): boolean {
    const window = this.buffer.subarray(this.at, this.at + MAX_GARBAGE_BYTES);
    const places = [CLUSTER_MAGIC, EBML_MAGIC].map((magic) => window.indexOf(magic, 1)).filter((place) => place > 0);
    // A magic may begin in the last bytes.
    const bytes = places.length > 0 ? Math.min(...places) : Math.max(1, window.length - CLUSTER_MAGIC.length + 1);
    return this.#passGarbage(bytes, frames);
  }

  /** False when that was too much. */
  #passGarbage(bytes: number, frames: Frame[]): boolean {
    this.#walked = 0;
    this.#walkableBytes += bytes * WALKED_BYTES_PER_BYTE;
    this.holdGarbage(this.at + bytes);
    if (this.isLost || this.#walkableBytes < 0) return this.#giveUpClusters(frames);
    return true;
  }

  #giveUpClusters(frames: Frame[]): false {
    const room = `${MAX_GARBAGE_BYTES / 1024} KiB`;
    return this.giveUp(frames, `no WebM clusters were found for ${room}; passed on unchanged from there`);
  }

  #passOn(what: string, frames: Frame[]): false {
    return this.giveUp(frames, `the WebM stream has ${what}; passed on unchanged`);
  }
}

/** True for what may be a child of the segment. */
function isElement(id: number): boolean {
  return id > LONGEST_CHILD_ID || id === VOID || id === CRC32;
}
