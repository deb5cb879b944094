/**
 * Messages of the conductor to a peer.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, type ByteWriter } from '../link/varint.ts';
import { framed } from './framing.ts';
import { HASH_BYTES } from './hash-tree.ts';
import { MAX_MANIFEST_BYTES, PUBLIC_KEY_BYTES } from './manifest.ts';
import { port, readList } from './peer-messages.ts';
import { SECRET_BYTES, TOKEN_BYTES } from './token.ts';

/** A transfer that the taker is to ask the giver for. */
export interface Order {
  readonly file: number;
  readonly giver: number;
  readonly chunk: number;
  /** Seconds of the conductor's clock. */
  readonly expires: number;
  readonly token: Buffer;
}

/** One to whom a sub-stream is pushed, most important first. */
export interface LeaseTaker {
  readonly peer: number;
  /** What it lacks begins here; only for one that is new in the lease. */
  readonly from: number;
}

/** Hashes of one message. */
export const HASHES_AT_ONCE = 1024;

/** Why there is no file. */
export type FileStatus = 'ok' | 'unknown' | 'refused';
const STATUSES: readonly FileStatus[] = ['ok', 'unknown', 'refused'];
const MAX_ADDRESS_BYTES = 45;

/** A message of the conductor. */
export type ConductorMessage =
  | {
      readonly type: 'welcome';
      readonly version: number;
      /** Of the capabilities in `hello`, those that count on this connection. */
      readonly capabilities: number;
      /** The peer's number. */
      readonly peer: number;
      /** What it shares with the conductor alone. */
      readonly secret: Buffer;
      /** With which manifests are signed. */
      readonly serverKey: Buffer;
      /** Where the server itself gives; the peer uses the address at which it reached the conductor. */
      readonly givePort: number;
      /** The conductor's clock, in seconds. */
      readonly nowSeconds: number;
    }
  | {
      readonly type: 'file';
      readonly ref: number;
      readonly status: FileStatus;
      readonly file: number;
      /** Signed; empty without a file. */
      readonly manifest: Buffer;
    }
  /** Hashes of the chunks from `first` on. */
  | { readonly type: 'hashes'; readonly file: number; readonly first: number; readonly hashes: Buffer }
  /** Connect to that peer, by the right of this key. */
  | {
      readonly type: 'meet';
      readonly peer: number;
      readonly host: string;
      readonly port: number;
      readonly expires: number;
      readonly key: Buffer;
    }
  | { readonly type: 'orders'; readonly orders: readonly Order[] }
  /** These are void: do not wait for them. */
  | { readonly type: 'cancel'; readonly file: number; readonly giver: number; readonly chunk: number }
  /** Whether others can connect to the peer. */
  | { readonly type: 'reached'; readonly isReachable: boolean }
  /** The file is another now, or gone. */
  | { readonly type: 'changed'; readonly file: number }
  /** What was asked for is a live stream: its signed head. The peer takes part from `firstChunk` on. */
  | {
      readonly type: 'stream';
      readonly ref: number;
      readonly file: number;
      readonly head: Buffer;
      readonly firstChunk: number;
      /** Now, in ms since the stream began. */
      readonly nowMs: number;
    }
  /** Push the chunks of a sub-stream to these from now on, until `expires`; it replaces the lease before. */
  | {
      readonly type: 'lease';
      readonly file: number;
      readonly substream: number;
      readonly expires: number;
      readonly takers: readonly LeaseTaker[];
    };

const TYPES = {
  welcome: 1,
  file: 2,
  hashes: 3,
  meet: 4,
  orders: 5,
  cancel: 6,
  reached: 7,
  changed: 8,
  stream: 9,
  lease: 10,
} as const;

/** The message with its length. Throws RangeError when it is out of bounds. */
export function encodeConductorMessage(message: ConductorMessage): Buffer {
  return framed((writer) => {
    writer.uint8(TYPES[message.type]);
    writeBody(writer, message);
  });
}

function writeBody(writer: ByteWriter, message: ConductorMessage): void {
  switch (message.type) {
    case 'welcome':
      writer.varint(message.version);
      writer.varint(message.capabilities);
      writer.varint(message.peer);
      writer.bytes(message.secret);
      writer.bytes(message.serverKey);
      writer.varint(message.givePort);
      return writer.varint(message.nowSeconds);
    case 'file':
      writer.varint(message.ref);
      writer.uint8(STATUSES.indexOf(message.status));
      writer.varint(message.file);
      return writer.block(message.manifest);
    case 'hashes':
      writer.varint(message.file);
      writer.varint(message.first);
      return writer.bytes(message.hashes);
    case 'meet':
      writer.varint(message.peer);
      writer.block(Buffer.from(message.host));
      writer.varint(message.port);
      writer.varint(message.expires);
      return writer.bytes(message.key);
    case 'orders':
      writer.varint(message.orders.length);
      for (const order of message.orders) {
        writer.varint(order.file);
        writer.varint(order.giver);
        writer.varint(order.chunk);
        writer.varint(order.expires);
        writer.bytes(order.token);
      }
      return;
    case 'cancel':
      writer.varint(message.file);
      writer.varint(message.giver);
      return writer.varint(message.chunk);
    case 'reached':
      return writer.uint8(message.isReachable ? 1 : 0);
    case 'changed':
      return writer.varint(message.file);
    case 'stream':
      writer.varint(message.ref);
      writer.varint(message.file);
      writer.block(message.head);
      writer.varint(message.firstChunk);
      return writer.varint(message.nowMs);
    case 'lease':
      writer.varint(message.file);
      writer.varint(message.substream);
      writer.varint(message.expires);
      writer.varint(message.takers.length);
      for (const { peer, from } of message.takers) {
        writer.varint(peer);
        writer.varint(from);
      }
  }
}

/** Reads a message without its length; byte fields are views. Throws ProtocolViolation. */
export function decodeConductorMessage(bytes: Buffer): ConductorMessage {
  const reader = new ByteReader(bytes);
  const message = readBody(reader.uint8(), reader);
  if (reader.remaining > 0) throw new ProtocolViolation(`a message "${message.type}" goes on after its end`);
  return message;
}

function readBody(type: number, reader: ByteReader): ConductorMessage {
  switch (type) {
    case TYPES.welcome:
      return {
        type: 'welcome',
        version: reader.varint(),
        capabilities: reader.varint(),
        peer: reader.varint(),
        secret: Buffer.from(reader.bytes(SECRET_BYTES)),
        serverKey: Buffer.from(reader.bytes(PUBLIC_KEY_BYTES)),
        givePort: port(reader.varint()),
        nowSeconds: reader.varint(),
      };
    case TYPES.file:
      return { type: 'file', ref: reader.varint(), ...readFile(reader) };
    case TYPES.hashes:
      return { type: 'hashes', file: reader.varint(), first: reader.varint(), hashes: readHashes(reader) };
    case TYPES.meet:
      return {
        type: 'meet',
        peer: reader.varint(),
        host: reader.text(MAX_ADDRESS_BYTES, 'an address'),
        port: port(reader.varint()),
        expires: reader.varint(),
        key: Buffer.from(reader.bytes(SECRET_BYTES)),
      };
    case TYPES.orders:
      return { type: 'orders', orders: readList(reader, readOrder) };
    case TYPES.cancel:
      return { type: 'cancel', file: reader.varint(), giver: reader.varint(), chunk: reader.varint() };
    case TYPES.reached:
      return { type: 'reached', isReachable: reader.uint8() === 1 };
    case TYPES.changed:
      return { type: 'changed', file: reader.varint() };
    case TYPES.stream:
      return {
        type: 'stream',
        ref: reader.varint(),
        file: reader.varint(),
        head: reader.block(MAX_MANIFEST_BYTES, 'the head of a stream'),
        firstChunk: reader.varint(),
        nowMs: reader.varint(),
      };
    case TYPES.lease:
      return {
        type: 'lease',
        file: reader.varint(),
        substream: reader.varint(),
        expires: reader.varint(),
        takers: readList(reader, () => ({ peer: reader.varint(), from: reader.varint() })),
      };
    default:
      throw new ProtocolViolation(`a message of the unknown type ${type}`);
  }
}

function readFile(reader: ByteReader): { status: FileStatus; file: number; manifest: Buffer } {
  const status = STATUSES[reader.uint8()];
  if (!status) throw new ProtocolViolation('a file of an unknown status');
  return { status, file: reader.varint(), manifest: reader.block(MAX_MANIFEST_BYTES, 'a manifest') };
}

function readHashes(reader: ByteReader): Buffer {
  const length = reader.remaining;
  if (length === 0 || length % HASH_BYTES !== 0 || length > HASHES_AT_ONCE * HASH_BYTES) {
    throw new ProtocolViolation('a broken list of hashes');
  }
  return reader.bytes(length);
}

function readOrder(reader: ByteReader): Order {
  return {
    file: reader.varint(),
    giver: reader.varint(),
    chunk: reader.varint(),
    expires: reader.varint(),
    token: Buffer.from(reader.bytes(TOKEN_BYTES)),
  };
}
