/**
 * The frames inside a sealed record of the link: one payload is any number of frames, back to back.
 * See README.md in this folder for the tables.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import type { Range } from './range-set.ts';
import { ByteReader, type ByteWriter } from './varint.ts';

/** The version that HELLO names; peers with another one are refused. */
export const LINK_VERSION = 1;
/** Streams that one side may publish on a session. */
export const MAX_CHANNELS = 1024;
/** Bytes of a stream's name, UTF-8. */
export const MAX_NAME_BYTES = 255;
/** Ranges of one ACK or HAVE. */
export const MAX_RANGES = 64;
/** Records that a START pins: the format, the title, the origin. */
export const MAX_PINNED = 4;
/** Bytes of a BYE's reason. */
export const MAX_REASON_BYTES = 200;
/** Bytes of a session id, an instance and an epoch. */
export const SESSION_ID_BYTES = 16;
export const INSTANCE_BYTES = 8;
export const EPOCH_BYTES = 8;

const TYPE = {
  padding: 0x00,
  ping: 0x01,
  ack: 0x02,
  hello: 0x03,
  open: 0x04,
  want: 0x05,
  start: 0x06,
  have: 0x07,
  stop: 0x08,
  end: 0x09,
  bye: 0x0a,
  dataToEnd: 0x10,
  data: 0x11,
} as const;

/** Attaches a path to a session; the first frame on each path, from both sides. */
export interface HelloFrame {
  readonly type: 'hello';
  readonly version: number;
  /** Hex of 16 bytes, chosen by the side that dials. */
  readonly sessionId: string;
  /** Hex of 8 bytes, new for each run of a process: tells a restarted peer. */
  readonly instance: string;
  /** The longest the sender of this HELLO holds an acknowledgement back. */
  readonly maxAckDelayMs: number;
}

/** Packets of this path that arrived, newest range first. */
export interface AckFrame {
  readonly type: 'ack';
  /** How long the newest packet waited for this ACK, in milliseconds; the wire has steps of 0.1. */
  readonly delayMs: number;
  readonly ranges: readonly Range[];
}

/** A stream that the sender of this frame publishes. */
export interface OpenFrame {
  readonly type: 'open';
  /** Chosen by the publisher, never used again within its instance. */
  readonly channel: number;
  /** Hex of 8 bytes: which store the offsets belong to. */
  readonly epoch: string;
  readonly name: string;
  readonly oldest: number;
  readonly newest: number;
}

/** What the subscriber wants of a channel. */
export interface WantFrame {
  readonly type: 'want';
  readonly channel: number;
  /** The first missing byte, or undefined: what began `backMs` before the newest. */
  readonly offset: number | undefined;
  readonly backMs: number;
  /** Bytes beyond the first missing one that the subscriber can hold. */
  readonly windowBytes: number;
}

/** Where the publisher begins, or goes on when it no longer has what is missing. */
export interface StartFrame {
  readonly type: 'start';
  readonly channel: number;
  /** Counts up for each START of the channel; an older one is void. */
  readonly serial: number;
  /** A record begins here. */
  readonly offset: number;
  /** Position of that record on the stream's time line, in microseconds. */
  readonly mediaTimeUs: number;
  /** Audio bytes before it in the epoch. */
  readonly audioBytes: number;
  /** Length and ticks of the audio record before it, for `repeat` records; 0, 0 when there is none. */
  readonly repeatBytes: number;
  readonly repeatTicks: number;
  /** Records before `offset` that hold there (format, title, origin), ascending; read them first. */
  readonly pinned: readonly Range[];
}

/** What the subscriber has: all below `contiguous`, and further ranges. */
export interface HaveFrame {
  readonly type: 'have';
  readonly channel: number;
  readonly contiguous: number;
  readonly ranges: readonly Range[];
}

/** A piece of a channel; `data` is a view on the payload. */
export interface DataFrame {
  readonly type: 'data';
  readonly channel: number;
  readonly offset: number;
  readonly data: Buffer;
}

export type Frame =
  | { readonly type: 'ping' }
  | AckFrame
  | HelloFrame
  | OpenFrame
  | WantFrame
  | StartFrame
  | HaveFrame
  /** The subscriber wants no more of a channel. */
  | { readonly type: 'stop'; readonly channel: number }
  /** The publisher has closed a channel; all it had before `newest` is still wanted. */
  | { readonly type: 'end'; readonly channel: number; readonly newest: number }
  /** The session is over. */
  | { readonly type: 'bye'; readonly code: number; readonly reason: string }
  | DataFrame;

/** Most bytes that the header of a DATA frame takes. */
export const DATA_HEADER_MAX_BYTES = 1 + 2 + 8 + 2;

/** Appends a frame. A DATA frame without length must be the last of its payload: `toEnd`. */
export function encodeFrame(writer: ByteWriter, frame: Frame, toEnd = false): void {
  writer.uint8(frame.type === 'data' && toEnd ? TYPE.dataToEnd : TYPE[frame.type]);
  switch (frame.type) {
    case 'ping':
      return;
    case 'ack':
      return encodeAck(writer, frame);
    case 'hello':
      writer.varint(frame.version);
      writer.bytes(Buffer.from(frame.sessionId, 'hex'));
      writer.bytes(Buffer.from(frame.instance, 'hex'));
      return writer.varint(frame.maxAckDelayMs);
    case 'open':
      writer.varint(frame.channel);
      writer.bytes(Buffer.from(frame.epoch, 'hex'));
      writer.block(Buffer.from(frame.name));
      writer.varint(frame.oldest);
      return writer.varint(frame.newest - frame.oldest);
    case 'want':
      writer.varint(frame.channel);
      writer.varint(frame.offset === undefined ? 0 : 1);
      writer.varint(frame.offset ?? frame.backMs);
      return writer.varint(frame.windowBytes);
    case 'start':
      return encodeStart(writer, frame);
    case 'have':
      writer.varint(frame.channel);
      writer.varint(frame.contiguous);
      return encodeRanges(writer, frame.contiguous, frame.ranges);
    case 'stop':
      return writer.varint(frame.channel);
    case 'end':
      writer.varint(frame.channel);
      return writer.varint(frame.newest);
    case 'bye':
      writer.varint(frame.code);
      return writer.block(Buffer.from(frame.reason).subarray(0, MAX_REASON_BYTES));
    case 'data':
      writer.varint(frame.channel);
      writer.varint(frame.offset);
      return toEnd ? writer.bytes(frame.data) : writer.block(frame.data);
  }
}

/** Reads all frames of a payload. Throws ProtocolViolation for anything that the tables do not allow. */
export function decodeFrames(payload: Buffer): Frame[] {
  const reader = new ByteReader(payload);
  const frames: Frame[] = [];
  while (reader.remaining > 0) {
    const frame = decodeFrame(reader);
    if (frame) frames.push(frame);
  }
  return frames;
}

function decodeFrame(reader: ByteReader): Frame | undefined {
  const type = reader.uint8();
  switch (type) {
    case TYPE.padding:
      return undefined;
    case TYPE.ping:
      return { type: 'ping' };
    case TYPE.ack:
      return decodeAck(reader);
    case TYPE.hello:
      return {
        type: 'hello',
        version: reader.varint(),
        sessionId: reader.bytes(SESSION_ID_BYTES).toString('hex'),
        instance: reader.bytes(INSTANCE_BYTES).toString('hex'),
        maxAckDelayMs: reader.varint(),
      };
    case TYPE.open:
      return decodeOpen(reader);
    case TYPE.want:
      return decodeWant(reader);
    case TYPE.start:
      return decodeStart(reader);
    case TYPE.have: {
      const channel = reader.varint();
      const contiguous = reader.varint();
      return { type: 'have', channel, contiguous, ranges: decodeRanges(reader, contiguous) };
    }
    case TYPE.stop:
      return { type: 'stop', channel: reader.varint() };
    case TYPE.end:
      return { type: 'end', channel: reader.varint(), newest: reader.varint() };
    case TYPE.bye:
      return { type: 'bye', code: reader.varint(), reason: reader.text(MAX_REASON_BYTES, 'a reason') };
    case TYPE.dataToEnd:
    case TYPE.data: {
      const channel = reader.varint();
      const offset = reader.varint();
      const length = type === TYPE.data ? reader.varint() : reader.remaining;
      const data = reader.bytes(length);
      checkOffset(offset + length);
      return { type: 'data', channel, offset, data };
    }
    default:
      throw new ProtocolViolation(`frame type ${type} is unknown`);
  }
}

function encodeAck(writer: ByteWriter, { delayMs, ranges }: AckFrame): void {
  const newest = ranges[0]!;
  writer.varint(newest.end - 1);
  writer.varint(Math.round(Math.max(0, delayMs) * 10));
  writer.varint(ranges.length - 1);
  writer.varint(newest.end - newest.start - 1);
  for (let index = 1; index < ranges.length; index++) {
    const { start, end } = ranges[index]!;
    writer.varint(ranges[index - 1]!.start - end - 1);
    writer.varint(end - start - 1);
  }
}

function decodeAck(reader: ByteReader): AckFrame {
  const newest = reader.varint();
  const delayMs = reader.varint() / 10;
  const more = reader.varint();
  if (more >= MAX_RANGES) throw new ProtocolViolation(`ACK of ${more + 1} ranges; at most ${MAX_RANGES}`);
  const ranges: Range[] = [];
  let end = newest + 1;
  for (let index = 0; index <= more; index++) {
    if (index > 0) end = ranges[index - 1]!.start - reader.varint() - 1;
    const start = end - reader.varint() - 1;
    if (start < 0) throw new ProtocolViolation('ACK below the first packet');
    ranges.push({ start, end });
  }
  return { type: 'ack', delayMs, ranges };
}

function decodeOpen(reader: ByteReader): OpenFrame {
  const channel = reader.varint();
  const epoch = reader.bytes(EPOCH_BYTES).toString('hex');
  const name = reader.text(MAX_NAME_BYTES, 'a stream name');
  const oldest = reader.varint();
  const newest = oldest + reader.varint();
  checkOffset(newest);
  return { type: 'open', channel, epoch, name, oldest, newest };
}

function decodeWant(reader: ByteReader): WantFrame {
  const channel = reader.varint();
  const mode = reader.varint();
  if (mode > 1) throw new ProtocolViolation(`WANT of mode ${mode}`);
  const value = reader.varint();
  const windowBytes = reader.varint();
  if (windowBytes === 0) throw new ProtocolViolation('WANT with a window of 0 bytes');
  return { type: 'want', channel, offset: mode ? value : undefined, backMs: mode ? 0 : value, windowBytes };
}

function encodeStart(writer: ByteWriter, frame: StartFrame): void {
  writer.varint(frame.channel);
  writer.varint(frame.serial);
  writer.varint(frame.offset);
  writer.varint(frame.mediaTimeUs);
  writer.varint(frame.audioBytes);
  writer.varint(frame.repeatBytes);
  writer.varint(frame.repeatTicks);
  encodeRanges(writer, 0, frame.pinned);
}

function decodeStart(reader: ByteReader): StartFrame {
  const [channel, serial, offset] = [reader.varint(), reader.varint(), reader.varint()];
  const [mediaTimeUs, audioBytes] = [reader.varint(), reader.varint()];
  const [repeatBytes, repeatTicks] = [reader.varint(), reader.varint()];
  const pinned = decodeRanges(reader, 0);
  if (pinned.length > MAX_PINNED) throw new ProtocolViolation(`START pins ${pinned.length} records`);
  if ((pinned.at(-1)?.end ?? 0) > offset) throw new ProtocolViolation('START pins what follows');
  return { type: 'start', channel, serial, offset, mediaTimeUs, audioBytes, repeatBytes, repeatTicks, pinned };
}

function encodeRanges(writer: ByteWriter, base: number, ranges: readonly Range[]): void {
  writer.varint(ranges.length);
  let from = base;
  for (const { start, end } of ranges) {
    writer.varint(start - from);
    writer.varint(end - start - 1);
    from = end;
  }
}

function decodeRanges(reader: ByteReader, base: number): Range[] {
  const count = reader.varint();
  if (count > MAX_RANGES) throw new ProtocolViolation(`${count} ranges; at most ${MAX_RANGES}`);
  const ranges: Range[] = [];
  let from = base;
  for (let index = 0; index < count; index++) {
    const start = from + reader.varint();
    const end = start + reader.varint() + 1;
    checkOffset(end);
    ranges.push({ start, end });
    from = end;
  }
  return ranges;
}

function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset)) throw new ProtocolViolation('an offset is above 2^53');
}
