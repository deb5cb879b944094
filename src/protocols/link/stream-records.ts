/**
 * What the byte stream of a channel is made of: records, back to back. See README.md in this folder.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { DiscontinuityCause } from '../../core/fragment.ts';
import type { StationInfo } from '../../core/station.ts';
import { clippedText } from './clipped-text.ts';
import { decodeStation, encodeStation, MAX_STATION_BYTES } from './station-record.ts';
import { ByteReader, ByteWriter } from './varint.ts';

/** Bytes of one record's content. */
export const MAX_RECORD_BYTES = 1 << 20;
/** Bytes of a record's head at most: its type, its length, its ticks. */
const MAX_HEAD_BYTES = 1 + 4 + 8;
const MAX_TEXT_BYTES = 4096;
const EPOCH_BYTES = 8;

const TYPE = {
  format: 1,
  audio: 2,
  title: 3,
  discontinuity: 4,
  state: 5,
  time: 6,
  origin: 7,
  station: 8,
  repeat: 0x80,
} as const;
const CAUSES: readonly DiscontinuityCause[] = ['source-restart', 'input-switch', 'line-loss', 'eviction', 'corrupt'];
const STATES = ['live', 'silent', 'ended'] as const;

/** Whether the publisher's source is there. */
export type SourceState = (typeof STATES)[number];

/** What a decoder must know; the fields of `StreamFormat` that cannot be found in the audio itself. */
export interface FormatRecord {
  readonly type: 'format';
  readonly contentType: string;
  readonly codec: string;
  /** Ticks a second of all audio records that follow, e.g. the sample rate. Above 0. */
  readonly ticksPerSecond: number;
  /** 0: unknown. */
  readonly channels: number;
  /** Bytes that a decoder needs first; empty for most codecs. */
  readonly headers: Buffer;
}

export interface AudioRecord {
  readonly type: 'audio';
  readonly data: Buffer;
  /** Duration in the format's ticks. */
  readonly ticks: number;
}

/**
 * Which run of audio this is, the same at every node that carries it: from audio byte `audioOffset` of the channel on,
 * the audio is byte `originByte` of the run `epoch`. Absolute, so that it says the same wherever it is delivered.
 */
export interface OriginRecord {
  readonly type: 'origin';
  /** Hex of 8 bytes. */
  readonly epoch: string;
  readonly originByte: number;
  readonly audioOffset: number;
}

export type StreamRecord =
  | FormatRecord
  | AudioRecord
  /** The title that holds from the next audio byte. */
  | { readonly type: 'title'; readonly title: string; readonly artist: string; readonly url: string }
  /** The audio does not continue here; `lostMs` undefined: nobody knows how much is missing. */
  | { readonly type: 'discontinuity'; readonly cause: DiscontinuityCause; readonly lostMs: number | undefined }
  | { readonly type: 'state'; readonly state: SourceState }
  /** UTC of the next audio sample, in microseconds. */
  | { readonly type: 'time'; readonly utcUs: number }
  | OriginRecord
  /** What the source says of itself, until it says something else. */
  | { readonly type: 'station'; readonly station: StationInfo };

/** Length and ticks of the last audio record: one of the same needs a head of a single byte. */
export interface RepeatState {
  bytes: number;
  ticks: number;
}

/**
 * The record's bytes; `repeat` is what was written before and is brought up to date. Throws RangeError above 1 MiB and
 * for an epoch that is not 8 bytes.
 */
export function encodeRecord(record: StreamRecord, repeat: RepeatState): Buffer {
  if (record.type === 'audio') return encodeAudio(record, repeat);
  const writer = new ByteWriter(contentBytes(record));
  encodeContent(writer, record);
  const content = writer.finish();
  if (content.length > MAX_RECORD_BYTES) throw new RangeError(`a record of ${content.length} bytes`);
  const head = new ByteWriter(MAX_HEAD_BYTES);
  head.uint8(TYPE[record.type]);
  head.varint(content.length);
  return Buffer.concat([head.finish(), content]);
}

// Room for a record's content.
function contentBytes(record: Exclude<StreamRecord, AudioRecord>): number {
  if (record.type === 'format') return record.headers.length + 1024;
  return record.type === 'station' ? MAX_STATION_BYTES : 3 * MAX_TEXT_BYTES + 64;
}

function encodeAudio({ data, ticks }: AudioRecord, repeat: RepeatState): Buffer {
  if (data.length === 0 || data.length > MAX_RECORD_BYTES) throw new RangeError(`audio of ${data.length} bytes`);
  const head = new ByteWriter(MAX_HEAD_BYTES);
  if (data.length === repeat.bytes && ticks === repeat.ticks) head.uint8(TYPE.repeat);
  else {
    head.uint8(TYPE.audio);
    head.varint(data.length);
    head.varint(ticks);
  }
  repeat.bytes = data.length;
  repeat.ticks = ticks;
  return Buffer.concat([head.finish(), data]);
}

function encodeContent(writer: ByteWriter, record: Exclude<StreamRecord, AudioRecord>): void {
  switch (record.type) {
    case 'format':
      writer.block(Buffer.from(record.contentType).subarray(0, 255));
      writer.block(Buffer.from(record.codec).subarray(0, 32));
      writer.varint(record.ticksPerSecond);
      writer.varint(record.channels);
      return writer.bytes(record.headers);
    case 'title':
      for (const text of [record.title, record.artist, record.url]) writer.block(clippedText(text, MAX_TEXT_BYTES));
      return;
    case 'discontinuity':
      writer.varint(CAUSES.indexOf(record.cause));
      return writer.varint(record.lostMs === undefined ? 0 : Math.round(record.lostMs) + 1);
    case 'state':
      return writer.varint(STATES.indexOf(record.state));
    case 'time':
      return writer.varint(record.utcUs);
    case 'origin':
      writer.bytes(epochBytes(record.epoch));
      writer.varint(record.originByte);
      return writer.varint(record.audioOffset);
    case 'station':
      return encodeStation(writer, record.station);
  }
}

function epochBytes(epoch: string): Buffer {
  const bytes = Buffer.from(epoch, 'hex');
  if (bytes.length !== EPOCH_BYTES) throw new RangeError(`an epoch of ${bytes.length} bytes`);
  return bytes;
}

/** Reads records from bytes that come in any portions. Holds at most one record. */
export class RecordReader {
  readonly #repeat: RepeatState;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #needBytes = 1;

  /** `repeat`: length and ticks of the audio record before the first byte, as START names them. */
  constructor(repeat: RepeatState = { bytes: 0, ticks: 0 }) {
    this.#repeat = { ...repeat };
  }

  /** Bytes held of a record that is not whole. */
  get heldBytes(): number {
    return this.#restBytes;
  }

  /** Takes the next bytes and returns the records that are now whole. Throws ProtocolViolation. */
  push(chunk: Buffer): StreamRecord[] {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    const records: StreamRecord[] = [];
    if (this.#restBytes < this.#needBytes) return records;
    let bytes = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
    while (bytes.length > 0) {
      const taken = this.#take(bytes, records);
      if (taken === 0) break;
      bytes = bytes.subarray(taken);
      this.#needBytes = 1;
    }
    this.#rest = bytes.length > 0 ? [bytes] : [];
    this.#restBytes = bytes.length;
    return records;
  }

  // Returns the bytes of the record at the start, or 0 when it is not whole.
  #take(bytes: Buffer, records: StreamRecord[]): number {
    const type = bytes[0]!;
    if (type === TYPE.repeat) return this.#takeAudio(bytes, 1, records);
    if (type < TYPE.format || type > TYPE.repeat) throw new ProtocolViolation(`record type ${type} is unknown`);
    const lengthBytes = varintAt(bytes, 1);
    if (lengthBytes === undefined) return 0;
    const reader = new ByteReader(bytes);
    reader.uint8();
    const length = reader.varint();
    if (length > MAX_RECORD_BYTES) throw new ProtocolViolation(`a record of ${length} bytes`);
    if (type === TYPE.audio) {
      if (varintAt(bytes, reader.position) === undefined) return 0;
      if (length === 0) throw new ProtocolViolation('an empty audio record');
      const ticks = reader.varint();
      this.#needBytes = reader.position + length;
      if (bytes.length < this.#needBytes) return 0;
      this.#repeat.bytes = length;
      this.#repeat.ticks = ticks;
      return this.#takeAudio(bytes, reader.position, records);
    }
    this.#needBytes = reader.position + length;
    if (reader.remaining < length) return 0;
    // What a later publisher may say besides is passed over.
    if (type <= TYPE.station) records.push(decodeContent(type, new ByteReader(reader.bytes(length))));
    return this.#needBytes;
  }

  #takeAudio(bytes: Buffer, at: number, records: StreamRecord[]): number {
    const { bytes: length, ticks } = this.#repeat;
    if (length === 0) throw new ProtocolViolation('a repeat record without one before it');
    this.#needBytes = at + length;
    if (bytes.length < this.#needBytes) return 0;
    records.push({ type: 'audio', data: bytes.subarray(at, at + length), ticks });
    return this.#needBytes;
  }
}

// The length of the varint at `at`, or undefined when it is not whole.
function varintAt(bytes: Buffer, at: number): number | undefined {
  if (at >= bytes.length) return undefined;
  const size = 1 << (bytes[at]! >> 6);
  return at + size <= bytes.length ? size : undefined;
}

function decodeContent(type: number, reader: ByteReader): StreamRecord {
  switch (type) {
    case TYPE.format: {
      const contentType = reader.text(255, 'a content type');
      const codec = reader.text(32, 'a codec');
      const ticksPerSecond = reader.varint();
      const channels = reader.varint();
      if (ticksPerSecond === 0 || ticksPerSecond > 1e9) throw new ProtocolViolation(`${ticksPerSecond} ticks a second`);
      return { type: 'format', contentType, codec, ticksPerSecond, channels, headers: reader.bytes(reader.remaining) };
    }
    case TYPE.title: {
      const text = () => reader.text(MAX_TEXT_BYTES, 'a title');
      return { type: 'title', title: text(), artist: text(), url: text() };
    }
    case TYPE.discontinuity: {
      const cause = CAUSES[reader.varint()];
      if (!cause) throw new ProtocolViolation('a discontinuity of unknown cause');
      const lost = reader.varint();
      return { type: 'discontinuity', cause, lostMs: lost === 0 ? undefined : lost - 1 };
    }
    case TYPE.state: {
      const state = STATES[reader.varint()];
      if (!state) throw new ProtocolViolation('an unknown source state');
      return { type: 'state', state };
    }
    case TYPE.time:
      return { type: 'time', utcUs: reader.varint() };
    case TYPE.station:
      return { type: 'station', station: decodeStation(reader) };
    default: {
      const epoch = reader.bytes(EPOCH_BYTES).toString('hex');
      return { type: 'origin', epoch, originByte: reader.varint(), audioOffset: reader.varint() };
    }
  }
}
