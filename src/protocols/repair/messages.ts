/**
 * The messages of repair after the take: README.md has the table. Decoding takes bytes of strangers, so every count and
 * length is bounded, and what is left over or cut off throws ProtocolViolation.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, ByteWriter } from '../link/varint.ts';
import { readServedClock, type ServedClock, writeServedClock } from './served-clock.ts';

/** The most bytes of sound in one answer. */
export const MAX_SOUND_BYTES = 49_152;
/** The most pieces of sound in one request. */
export const MAX_SOUND_PIECES = 256;
/** The most bytes of a message; a record of the link holds it. */
export const MAX_REPAIR_MESSAGE_BYTES = 65_000;
/** The most flows of a session. */
export const MAX_REPAIR_FLOWS = 1024;
/** The most digests of blocks in an account. */
export const MAX_ACCOUNT_BLOCKS = 1024;

const MAX_TEXT_BYTES = 256;
const MAX_REASON_BYTES = 200;
const MAX_CHANNELS = 1024;
/** Three fields of the part, a count, and two numbers of eight bytes for each piece. */
const MAX_REQUEST_BYTES = 64 + MAX_SOUND_PIECES * 16;
const MAX_UINT32 = 2 ** 32 - 1;
const SHA256_BYTES = 32;
const DIGEST_BYTES = 16;
/** Sample frames of the smallest block. */
const LEAF_FRAMES = 65_536;

const TYPES = { flows: 1, account: 2, sound: 3, done: 4 } as const;
const ANSWER_TYPES = { flows: 0x81, account: 0x82, sound: 0x83, working: 0x84, refused: 0x8f } as const;
const REFUSALS = ['unknown', 'absent', 'unreadable', 'busy'] as const;

/** Neighbouring channels of a flow. */
export interface FlowPart {
  /** Number of the flow in the session, from 0. */
  readonly flow: number;
  /** The first channel, from 0. */
  readonly channel: number;
  readonly channels: number;
}

/** A stretch of a flow: sample frames since the session's start. */
export interface FlowRange extends FlowPart {
  readonly start: number;
  readonly frames: number;
}

/** A piece of a flow: its first sample frame since the session's start, and how many. */
export type SoundPiece = readonly [start: number, frames: number];

/** What a recorder asks; `id` comes back with the answer. */
export type RepairRequest =
  | { readonly kind: 'flows'; readonly id: number }
  /** `position` is where the recorder has the first frame: blocks are counted from there. */
  | { readonly kind: 'account'; readonly id: number; readonly range: FlowRange; readonly position: number }
  | { readonly kind: 'sound'; readonly id: number; readonly part: FlowPart; readonly pieces: readonly SoundPiece[] }
  | { readonly kind: 'done'; readonly id: number };

/** A flow that can be asked for. */
export interface ServedFlowInfo {
  readonly ssrc: number;
  /** RTP timestamp of the session's first frame. */
  readonly timestamp: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly sampleBytes: 2 | 3;
  /** Sample frames that can be asked for. */
  readonly frames: number;
}

/** Hashes of a stretch: the same shape as in a take's account. */
export interface RangeAccount {
  readonly startFrame: number;
  readonly frames: number;
  readonly sha256: string;
  readonly blocks: { readonly frames: number; readonly first: number; readonly digests: readonly (string | null)[] };
}

/** Why a request is refused. */
export type RefusalCode = (typeof REFUSALS)[number];

/** What a sender answers. */
export type RepairAnswer =
  | {
      readonly kind: 'flows';
      readonly id: number;
      readonly session: string;
      readonly name: string;
      /** Whether all has been sent: nothing is added to the flows any more. */
      readonly isOver: boolean;
      readonly clock: ServedClock;
      readonly flows: readonly ServedFlowInfo[];
    }
  /** Without the two numbers that the request had. */
  | { readonly kind: 'account'; readonly id: number; readonly account: Omit<RangeAccount, 'startFrame' | 'frames'> }
  /** One piece after the other. */
  | { readonly kind: 'sound'; readonly id: number; readonly bytes: Buffer }
  /** The answer takes a while; it will come. */
  | { readonly kind: 'working'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly code: RefusalCode; readonly reason: string };

/** A request as bytes. Throws RangeError when it has too many pieces. */
export function encodeRepairRequest(request: RepairRequest): Buffer {
  const writer = new ByteWriter(MAX_REQUEST_BYTES);
  writer.uint8(TYPES[request.kind]);
  writer.varint(request.id);
  if (request.kind === 'account') {
    const { start, frames } = request.range;
    for (const value of [...partFields(request.range), start, frames, request.position]) writer.varint(value);
  }
  if (request.kind === 'sound') {
    for (const value of [...partFields(request.part), request.pieces.length, ...request.pieces.flat()]) {
      writer.varint(value);
    }
  }
  return writer.finish();
}

function partFields({ flow, channel, channels }: FlowPart): number[] {
  return [flow, channel, channels];
}

/** Reads a request. Throws ProtocolViolation. */
export function decodeRepairRequest(message: Buffer): RepairRequest {
  const reader = new ByteReader(message);
  const type = reader.uint8();
  const id = reader.varint();
  const request = requestOf(type, id, reader);
  demandEnd(reader);
  return request;
}

function requestOf(type: number, id: number, reader: ByteReader): RepairRequest {
  switch (type) {
    case TYPES.flows:
      return { kind: 'flows', id };
    case TYPES.account:
      return { kind: 'account', id, range: { ...readPart(reader), ...readStretch(reader) }, position: reader.varint() };
    case TYPES.sound:
      return { kind: 'sound', id, part: readPart(reader), pieces: readPieces(reader) };
    case TYPES.done:
      return { kind: 'done', id };
    default:
      throw new ProtocolViolation(`a request of the unknown type ${type}`);
  }
}

function readPart(reader: ByteReader): FlowPart {
  const flow = bounded(reader, MAX_REPAIR_FLOWS - 1, 'a flow');
  const channel = bounded(reader, MAX_CHANNELS - 1, 'a channel');
  const channels = bounded(reader, MAX_CHANNELS, 'channels');
  if (channels === 0) throw new ProtocolViolation('a request for no channels');
  return { flow, channel, channels };
}

function readStretch(reader: ByteReader): { start: number; frames: number } {
  const start = reader.varint();
  const frames = reader.varint();
  if (frames === 0) throw new ProtocolViolation('a request for nothing');
  if (!Number.isSafeInteger(start + frames)) throw new ProtocolViolation('a stretch ends beyond 2^53');
  return { start, frames };
}

function readPieces(reader: ByteReader): SoundPiece[] {
  const count = bounded(reader, MAX_SOUND_PIECES, 'pieces');
  if (count === 0) throw new ProtocolViolation('a request for nothing');
  return Array.from({ length: count }, () => {
    const { start, frames } = readStretch(reader);
    return [start, frames];
  });
}

/** An answer as bytes. Throws RangeError when it does not fit into a message. */
export function encodeRepairAnswer(answer: RepairAnswer): Buffer {
  const writer = new ByteWriter(MAX_REPAIR_MESSAGE_BYTES);
  writer.uint8(ANSWER_TYPES[answer.kind]);
  writer.varint(answer.id);
  if (answer.kind === 'flows') writeFlows(writer, answer);
  else if (answer.kind === 'account') writeAccount(writer, answer.account);
  else if (answer.kind === 'sound') writer.bytes(answer.bytes);
  else if (answer.kind === 'refused') {
    writer.uint8(REFUSALS.indexOf(answer.code) + 1);
    writer.block(clipped(answer.reason, MAX_REASON_BYTES));
  }
  return writer.finish();
}

function writeFlows(writer: ByteWriter, answer: Extract<RepairAnswer, { kind: 'flows' }>): void {
  writer.block(clipped(answer.session, MAX_TEXT_BYTES));
  writer.block(clipped(answer.name, MAX_TEXT_BYTES));
  writer.uint8(answer.isOver ? 1 : 0);
  writeServedClock(writer, answer.clock);
  writer.varint(answer.flows.length);
  for (const { ssrc, timestamp, sampleRate, channels, sampleBytes, frames } of answer.flows) {
    for (const value of [ssrc, timestamp, sampleRate, channels, sampleBytes, frames]) writer.varint(value);
  }
}

function writeAccount(writer: ByteWriter, { sha256, blocks }: Omit<RangeAccount, 'startFrame' | 'frames'>): void {
  writer.bytes(Buffer.from(sha256, 'hex'));
  writer.varint(blocks.frames);
  writer.varint(blocks.first);
  writer.varint(blocks.digests.length);
  for (const digest of blocks.digests) {
    writer.uint8(digest === null ? 0 : 1);
    if (digest !== null) writer.bytes(Buffer.from(digest, 'hex'));
  }
}

/** Reads an answer; sound is a view. Throws ProtocolViolation. */
export function decodeRepairAnswer(message: Buffer): RepairAnswer {
  if (message.length > MAX_REPAIR_MESSAGE_BYTES) throw new ProtocolViolation('an answer that is too long');
  const reader = new ByteReader(message);
  const type = reader.uint8();
  const id = reader.varint();
  const answer = answerOf(type, id, reader);
  demandEnd(reader);
  return answer;
}

function answerOf(type: number, id: number, reader: ByteReader): RepairAnswer {
  switch (type) {
    case ANSWER_TYPES.flows:
      return readFlows(id, reader);
    case ANSWER_TYPES.account:
      return { kind: 'account', id, account: readAccount(reader) };
    case ANSWER_TYPES.sound:
      return { kind: 'sound', id, bytes: reader.bytes(reader.remaining) };
    case ANSWER_TYPES.working:
      return { kind: 'working', id };
    case ANSWER_TYPES.refused: {
      const code = REFUSALS[reader.uint8() - 1];
      if (!code) throw new ProtocolViolation('a refusal of an unknown kind');
      return { kind: 'refused', id, code, reason: reader.text(MAX_REASON_BYTES, 'a reason') };
    }
    default:
      throw new ProtocolViolation(`an answer of the unknown type ${type}`);
  }
}

function readFlows(id: number, reader: ByteReader): RepairAnswer {
  const session = reader.text(MAX_TEXT_BYTES, 'a session id');
  const name = reader.text(MAX_TEXT_BYTES, 'a name');
  const isOver = reader.uint8() === 1;
  const clock = readServedClock(reader);
  const count = bounded(reader, MAX_REPAIR_FLOWS, 'flows');
  const flows = Array.from({ length: count }, () => readFlow(reader));
  return { kind: 'flows', id, session, name, isOver, clock, flows };
}

function readFlow(reader: ByteReader): ServedFlowInfo {
  const ssrc = bounded(reader, MAX_UINT32, 'an SSRC');
  const timestamp = bounded(reader, MAX_UINT32, 'a timestamp');
  const sampleRate = bounded(reader, 1_000_000, 'a sample rate');
  const channels = bounded(reader, MAX_CHANNELS, 'channels');
  const sampleBytes = reader.varint();
  const frames = reader.varint();
  if (sampleBytes !== 2 && sampleBytes !== 3) throw new ProtocolViolation(`samples of ${sampleBytes} bytes`);
  if (channels === 0 || sampleRate === 0) throw new ProtocolViolation('a flow without sound');
  return { ssrc, timestamp, sampleRate, channels, sampleBytes, frames };
}

function readAccount(reader: ByteReader): Omit<RangeAccount, 'startFrame' | 'frames'> {
  const sha256 = reader.bytes(SHA256_BYTES).toString('hex');
  const frames = reader.varint();
  const first = reader.varint();
  const count = bounded(reader, MAX_ACCOUNT_BLOCKS, 'blocks');
  if (!isBlockSize(frames)) throw new ProtocolViolation(`blocks of ${frames} sample frames`);
  const digests = Array.from({ length: count }, () =>
    reader.uint8() === 0 ? null : reader.bytes(DIGEST_BYTES).toString('hex'),
  );
  return { sha256, blocks: { frames, first, digests } };
}

/** 65,536 times a power of two. */
function isBlockSize(frames: number): boolean {
  let size = LEAF_FRAMES;
  while (size < frames) size *= 2;
  return size === frames;
}

function bounded(reader: ByteReader, most: number, what: string): number {
  const value = reader.varint();
  if (value > most) throw new ProtocolViolation(`${what}: ${value} is more than ${most}`);
  return value;
}

function demandEnd(reader: ByteReader): void {
  if (reader.remaining > 0) throw new ProtocolViolation('a message with something behind its end');
}

/** UTF-8, cut so that no character is split. */
function clipped(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.alloc(maxBytes);
  return bytes.subarray(0, bytes.write(text));
}
