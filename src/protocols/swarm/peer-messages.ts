/**
 * Messages of a peer to the conductor.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, type ByteWriter } from '../link/varint.ts';
import { framed } from './framing.ts';
import { MAX_TICKET_BYTES } from './ticket.ts';

/** The version of the dialect that is spoken here; also in TLS as application protocol. */
export const SWARM_VERSION = 3;
/** The application protocol in TLS (RFC 7301). */
export const SWARM_ALPN = 'pdtp/3';
/** Bytes by which a peer is known again. */
export const PEER_KEY_BYTES = 16;
/** The most entries of one list. */
export const MAX_LIST = 1024;

const MAX_TEXT_BYTES = 4096;
const MAX_AGENT_BYTES = 128;

/** What became of a transfer, as the taker says; `held`: the chunk was there already. */
export type Outcome = 'ok' | 'bad' | 'unreachable' | 'lost' | 'refused' | 'held';
const OUTCOMES: readonly Outcome[] = ['ok', 'bad', 'unreachable', 'lost', 'refused', 'held'];

/** One transfer's end. */
export interface Receipt {
  readonly file: number;
  readonly giver: number;
  readonly chunk: number;
  readonly outcome: Outcome;
}

/** A run of chunks. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** What a peer allows. */
export interface PeerCaps {
  /** It gives to others at all. */
  readonly gives: boolean;
  /** Its line costs by volume: it only takes. */
  readonly metered: boolean;
  /** The most that it gives, bytes a second; 0: no limit. */
  readonly upBytesPerSecond: number;
}

/** A message of a peer. */
export type PeerMessage =
  | ({
      readonly type: 'hello';
      readonly version: number;
      /** Bits of what else it can do: `SEALED`. Unknown ones are ignored. */
      readonly capabilities: number;
      /** Where it listens; 0: nowhere. */
      readonly listenPort: number;
      readonly key: Buffer;
      readonly agent: string;
    } & PeerCaps)
  | {
      readonly type: 'want';
      /** The peer's own number for the question. */
      readonly ref: number;
      readonly path: string;
      /** It plays the file while it comes. */
      readonly inOrder: boolean;
      readonly ticket: Buffer;
    }
  /** What it holds; it takes part from the first of these on, which may be empty. */
  | { readonly type: 'have'; readonly file: number; readonly runs: readonly Run[] }
  | { readonly type: 'receipts'; readonly receipts: readonly Receipt[] }
  | ({ readonly type: 'caps' } & PeerCaps)
  | { readonly type: 'unwant'; readonly file: number }
  | { readonly type: 'bye' };

const TYPES = { hello: 1, want: 2, have: 3, receipts: 4, caps: 5, unwant: 6, bye: 7 } as const;
const GIVES = 1;
const METERED = 2;

/** The message with its length. Throws RangeError when it is out of bounds. */
export function encodePeerMessage(message: PeerMessage): Buffer {
  return framed((writer) => {
    writer.uint8(TYPES[message.type]);
    writeBody(writer, message);
  });
}

function writeBody(writer: ByteWriter, message: PeerMessage): void {
  switch (message.type) {
    case 'hello':
      writer.varint(message.version);
      writer.varint(message.capabilities);
      writer.varint(message.listenPort);
      writer.bytes(message.key);
      writer.block(Buffer.from(message.agent));
      return writeCaps(writer, message);
    case 'want':
      writer.varint(message.ref);
      writer.block(Buffer.from(message.path));
      writer.uint8(message.inOrder ? 1 : 0);
      return writer.block(message.ticket);
    case 'have':
      writer.varint(message.file);
      writer.varint(message.runs.length);
      for (const { first, count } of message.runs) {
        writer.varint(first);
        writer.varint(count);
      }
      return;
    case 'receipts':
      writer.varint(message.receipts.length);
      for (const { file, giver, chunk, outcome } of message.receipts) {
        writer.uint8(OUTCOMES.indexOf(outcome));
        writer.varint(file);
        writer.varint(giver);
        writer.varint(chunk);
      }
      return;
    case 'caps':
      return writeCaps(writer, message);
    case 'unwant':
      return writer.varint(message.file);
  }
}

function writeCaps(writer: ByteWriter, { gives, metered, upBytesPerSecond }: PeerCaps): void {
  writer.uint8((gives ? GIVES : 0) | (metered ? METERED : 0));
  writer.varint(upBytesPerSecond);
}

/** Reads a message without its length; byte fields are views. Throws ProtocolViolation. */
export function decodePeerMessage(bytes: Buffer): PeerMessage {
  const reader = new ByteReader(bytes);
  const message = readBody(reader.uint8(), reader);
  if (reader.remaining > 0) throw new ProtocolViolation(`a message "${message.type}" goes on after its end`);
  return message;
}

function readBody(type: number, reader: ByteReader): PeerMessage {
  switch (type) {
    case TYPES.hello:
      return {
        type: 'hello',
        version: reader.varint(),
        capabilities: reader.varint(),
        listenPort: port(reader.varint()),
        key: reader.bytes(PEER_KEY_BYTES),
        agent: reader.text(MAX_AGENT_BYTES, 'the name of a program'),
        ...readCaps(reader),
      };
    case TYPES.want:
      return {
        type: 'want',
        ref: reader.varint(),
        path: reader.text(MAX_TEXT_BYTES, 'a path'),
        inOrder: reader.uint8() === 1,
        ticket: reader.block(MAX_TICKET_BYTES, 'a ticket'),
      };
    case TYPES.have:
      return { type: 'have', file: reader.varint(), runs: readList(reader, readRun) };
    case TYPES.receipts:
      return { type: 'receipts', receipts: readList(reader, readReceipt) };
    case TYPES.caps:
      return { type: 'caps', ...readCaps(reader) };
    case TYPES.unwant:
      return { type: 'unwant', file: reader.varint() };
    case TYPES.bye:
      return { type: 'bye' };
    default:
      throw new ProtocolViolation(`a message of the unknown type ${type}`);
  }
}

/** A list with its length before it; at most 1024 entries. Throws ProtocolViolation. */
export function readList<T>(reader: ByteReader, readOne: (reader: ByteReader) => T): T[] {
  const count = reader.varint();
  if (count > MAX_LIST) throw new ProtocolViolation(`a list of ${count}; at most ${MAX_LIST}`);
  const list: T[] = [];
  for (let at = 0; at < count; at++) list.push(readOne(reader));
  return list;
}

function readRun(reader: ByteReader): Run {
  return { first: reader.varint(), count: reader.varint() };
}

function readReceipt(reader: ByteReader): Receipt {
  const outcome = OUTCOMES[reader.uint8()];
  if (!outcome) throw new ProtocolViolation('a receipt of an unknown outcome');
  return { outcome, file: reader.varint(), giver: reader.varint(), chunk: reader.varint() };
}

function readCaps(reader: ByteReader): PeerCaps {
  const bits = reader.uint8();
  return { gives: (bits & GIVES) !== 0, metered: (bits & METERED) !== 0, upBytesPerSecond: reader.varint() };
}

/** Throws ProtocolViolation when the number is above 65,535. */
export function port(value: number): number {
  if (value > 65_535) throw new ProtocolViolation(`${value} is no port`);
  return value;
}
