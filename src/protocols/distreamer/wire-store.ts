/**
 * What a sender of DiStreamer fragments holds: our fragments, with the metadata put inside, numbered and cut as the
 * wire wants them. The audio is copied once, for all clients.
 * @module
 */
import type { Discontinuity, Fragment, StreamFormat, TrackMetadata } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { stationHeaders } from '../icy/station-headers.ts';
import { type CutFragment, FragmentCutter } from './fragment-cutter.ts';
import { encodeMessage, MESSAGE_END_BYTES } from './message-codec.ts';
import { encodeStoreList, type StoreList } from './store-list.ts';

/** What all fragments of one run of the source share; compared by identity. */
export interface WireGeneration {
  readonly sourceGeneration: number;
  readonly icyint: number;
  readonly contentType: string;
}

/** A numbered fragment, ready to send. */
export interface WireFragment {
  readonly number: number;
  /** The whole message of the persistent protocols; shared by all clients. */
  readonly message: Buffer;
  /** The bytes of the fragment alone: a view on the message. */
  readonly data: Buffer;
  readonly generation: WireGeneration;
  /** Offset of each metadata length byte in the fragment's bytes. */
  readonly icyOffsets: readonly number[];
  /** Bytes from its end to the next length byte; undefined without metadata inside. */
  readonly nextIcyOffset: number | undefined;
  /** The metadata that holds at its end: a block without its length byte. */
  readonly title: Buffer;
  /** The message `oggheader` that goes before it; the same object while it is unchanged. */
  readonly oggHeader: Buffer;
  /** The pages in it; empty when not Ogg. */
  readonly oggHeaderPages: Buffer;
  readonly discontinuity: Discontinuity | undefined;
  /** Sequence of the newest of our fragments that has bytes in it. */
  readonly lastSequence: number;
}

/** Options of a store. */
export interface WireStoreOptions {
  /** Audio bytes between metadata blocks, 0 for none. Ogg never has any inside: it carries its own titles. */
  readonly metadataInterval: number;
  /** Bytes of a wire fragment; undefined: one wire fragment for each of ours. */
  readonly fragmentBytes?: number | undefined;
  /** The most wire fragments held; undefined: until `evictBefore`. */
  readonly maxFragments?: number | undefined;
  readonly firstNumber: number;
  readonly firstSourceGeneration: number;
  /** What the list says of the station; asked for each list. */
  readonly station: () => StationInfo;
}

const NO_BYTES = Buffer.alloc(0);
const OGG_MAGIC = 'OggS';
const NO_OGG_HEADER = encodeMessage('oggheader', Buffer.alloc(0));

/** Holds the newest fragments of one stream in the shape of the wire. */
export class WireStore {
  readonly #options: WireStoreOptions;
  #fragments: WireFragment[] = [];
  /** The newest fragment that was dropped: a list up to it or before still tells of its source run. */
  #dropped: WireFragment | undefined;
  #nextNumber: number;
  #generation: WireGeneration | undefined;
  #sourceGeneration: number;
  #cutter: FragmentCutter | undefined;
  #format: StreamFormat | undefined;
  #oggHeader: Buffer = NO_OGG_HEADER;
  #oggHeaderPages: Buffer = NO_BYTES;
  #discontinuity: Discontinuity | undefined;
  #sequence = 0;
  #cachedList: { upTo: number; oldest: number; station: StationInfo; message: Buffer } | undefined;

  constructor(options: WireStoreOptions) {
    this.#options = options;
    this.#nextNumber = options.firstNumber;
    this.#sourceGeneration = options.firstSourceGeneration;
  }

  /** Number of the oldest fragment held; that of the next one when there is none. */
  get oldestNumber(): number {
    return this.#fragments[0]?.number ?? this.#nextNumber;
  }

  /** Number that the next fragment gets. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** Numbers of all fragments held, ascending. */
  get numbers(): number[] {
    return this.#fragments.map((fragment) => fragment.number);
  }

  /** The message `oggheader` that holds now. */
  get oggHeader(): Buffer {
    return this.#oggHeader;
  }

  /** The fragment of that number, or undefined when it is not held. */
  get(number: number): WireFragment | undefined {
    return this.#fragments[number - this.oldestNumber];
  }

  /** Takes the next fragment of the stream. Wire fragments that are whole now are held. */
  append(fragment: Fragment): void {
    const { format, data, discontinuity } = fragment;
    const isFirst = this.#format === undefined;
    this.#beginGeneration(format);
    if (discontinuity && !isFirst) {
      this.#cutter!.flush();
      this.#discontinuity = discontinuity;
    }
    this.#sequence = fragment.sequence;
    if (format !== this.#format) this.#beginFormat(format, fragment.openingMetadata);
    this.#cutter!.push(data, metadataReader(fragment));
    if (this.#options.fragmentBytes === undefined) this.#cutter!.flush();
  }

  /** Drops fragments whose audio is all older than our fragment of that sequence. */
  evictBefore(sequence: number): void {
    const kept = this.#fragments.findIndex((fragment) => fragment.lastSequence >= sequence);
    this.#drop(kept < 0 ? this.#fragments.length : kept);
  }

  /** The message `list` for a client that was given all up to that number: names what is held of that source run. */
  listMessage(upTo: number): Buffer {
    const station = this.#options.station();
    const cached = this.#cachedList;
    if (cached?.upTo === upTo && cached.oldest === this.oldestNumber && cached.station === station)
      return cached.message;
    const message = encodeMessage('list', encodeStoreList(this.#list(upTo, station)));
    this.#cachedList = { upTo, oldest: this.oldestNumber, station, message };
    return message;
  }

  /** The list of the polling protocols: as `listMessage`, without the frame, with the Ogg header pages inside. */
  pollList(upTo: number): Buffer {
    const oggHeader = this.get(upTo)?.oggHeaderPages ?? NO_BYTES;
    return encodeStoreList({ ...this.#list(upTo, this.#options.station()), oggHeader });
  }

  #beginGeneration(format: StreamFormat): void {
    const { metadataInterval, fragmentBytes } = this.#options;
    const icyint = format.headers.length > 0 ? 0 : metadataInterval;
    const current = this.#generation;
    if (current?.contentType === format.contentType && current.icyint === icyint) return;
    this.#cutter?.flush();
    if (current) this.#sourceGeneration++;
    this.#generation = { sourceGeneration: this.#sourceGeneration, icyint, contentType: format.contentType };
    this.#cutter = new FragmentCutter({ icyint, fragmentBytes, onFragment: (cut) => this.#add(cut) });
  }

  /** The header pages go before the first audio of a link, and to those who join later in `oggheader`. */
  #beginFormat(format: StreamFormat, metadata: TrackMetadata | undefined): void {
    this.#format = format;
    // The protocol has no word for the headers of FLAC and WebM: who joins late must wait for the next.
    const pages = format.headers.toString('latin1', 0, OGG_MAGIC.length) === OGG_MAGIC ? format.headers : NO_BYTES;
    const message = pages.length > 0 ? encodeMessage('oggheader', pages) : NO_OGG_HEADER;
    if (format.headers.length > 0) this.#cutter!.flush();
    if (!message.equals(this.#oggHeader)) this.#oggHeader = message;
    this.#oggHeaderPages = pages;
    if (format.headers.length > 0) this.#cutter!.push(format.headers, () => metadata);
  }

  #add(cut: CutFragment): void {
    const number = this.#nextNumber++;
    this.#fragments.push({
      number,
      ...messageWithBody(number, Buffer.concat(cut.parts)),
      generation: this.#generation!,
      icyOffsets: cut.icyOffsets,
      nextIcyOffset: cut.nextIcyOffset,
      // An Ogg stream tells its titles itself, at the right page.
      title: this.#oggHeader === NO_OGG_HEADER ? cut.title : NO_BYTES,
      oggHeader: this.#oggHeader,
      oggHeaderPages: this.#oggHeaderPages,
      discontinuity: this.#discontinuity,
      lastSequence: this.#sequence,
    });
    this.#discontinuity = undefined;
    this.#drop(Math.max(0, this.#fragments.length - (this.#options.maxFragments ?? Number.POSITIVE_INFINITY)));
  }

  #drop(count: number): void {
    if (count > 0) this.#dropped = this.#fragments.splice(0, count).at(-1);
  }

  #list(upTo: number, station: StationInfo): StoreList {
    const last = upTo < this.oldestNumber ? this.#dropped : this.get(upTo);
    const generation = last?.generation;
    const named = this.#fragments.filter((fragment) => fragment.number <= upTo && fragment.generation === generation);
    const icyOffsets = generation?.icyint ? named.map((one) => [one.number, one.icyOffsets] as const) : [];
    // As in the original, the list tells of the next fragment already: who joins needs one length byte to count from.
    if (last?.number === upTo && last.nextIcyOffset !== undefined) icyOffsets.push([upTo + 1, [last.nextIcyOffset]]);
    const breaks = named.flatMap((one) => (one.discontinuity ? [[one.number, one.discontinuity] as const] : []));
    return {
      fragments: named.map((fragment) => fragment.number),
      icyint: generation?.icyint ?? -1,
      icyOffsets: new Map(icyOffsets),
      headers: new Map(generation ? [['content-type', generation.contentType], ...stationHeaders(station)] : []),
      title: last?.title ?? NO_BYTES,
      sourceGeneration: generation?.sourceGeneration ?? this.#sourceGeneration,
      discontinuities: new Map(breaks),
      oggHeader: NO_BYTES,
    };
  }
}

function metadataReader(fragment: Fragment): (offset: number) => TrackMetadata | undefined {
  return (offset) => {
    let metadata = fragment.openingMetadata;
    for (const mark of fragment.metadata) {
      if (mark.offset > offset) break;
      metadata = mark.metadata;
    }
    return metadata;
  };
}

function messageWithBody(number: number, body: Buffer): Pick<WireFragment, 'message' | 'data'> {
  const message = encodeMessage(number, body);
  const end = message.length - MESSAGE_END_BYTES;
  return { message, data: message.subarray(end - body.length, end) };
}
