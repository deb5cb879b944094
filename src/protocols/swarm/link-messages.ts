/**
 * Messages between two peers on their line. Either side may ask the other, whoever connected.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, ByteWriter } from '../link/varint.ts';
import { framed } from './framing.ts';
import { SWARM_CHUNK_BYTES } from './hash-tree.ts';
import { MAX_LINK_BYTES } from './stream-manifest.ts';
import { TOKEN_BYTES } from './token.ts';

/** Bytes of the proof that a peer can be reached. */
export const NONCE_BYTES = 16;
/** Data bytes of one message. */
export const PIECE_BYTES = 16_384;

/** A message on a line. */
export type LinkMessage =
  /** Asks for a chunk, by the right of a token. */
  | {
      readonly type: 'ask';
      readonly file: number;
      readonly chunk: number;
      readonly expires: number;
      readonly token: Buffer;
    }
  /** A piece of a chunk; pieces come in order, and chunks one after another. */
  | {
      readonly type: 'data';
      readonly file: number;
      readonly chunk: number;
      readonly offset: number;
      readonly bytes: Buffer;
    }
  /** The chunk will not come. */
  | { readonly type: 'refuse'; readonly file: number; readonly chunk: number }
  /** A signed link of a live stream; it comes before the chunks that it names. */
  | { readonly type: 'proof'; readonly file: number; readonly link: Buffer }
  /** Is it you? The answer has the same nonce. */
  | { readonly type: 'probe'; readonly nonce: Buffer }
  | { readonly type: 'echo'; readonly nonce: Buffer };

const TYPES = { ask: 1, data: 2, refuse: 3, probe: 4, echo: 5, proof: 6 } as const;

/** The message with its length. */
export function encodeLinkMessage(message: LinkMessage): Buffer {
  return framed((writer) => {
    writer.uint8(TYPES[message.type]);
    if (message.type === 'probe' || message.type === 'echo') return writer.bytes(message.nonce);
    writer.varint(message.file);
    if (message.type === 'proof') return writer.block(message.link);
    writer.varint(message.chunk);
    if (message.type === 'ask') {
      writer.varint(message.expires);
      writer.bytes(message.token);
    } else if (message.type === 'data') {
      writer.varint(message.offset);
      writer.bytes(message.bytes);
    }
  });
}

/** Where a piece was written. */
export interface WrittenPiece {
  /** Data bytes in it. */
  readonly length: number;
  /** First byte after the message. */
  readonly end: number;
}

/** Bytes of the varint before a message of 64 to 16,383 bytes (RFC 9000, section 16). */
const PIECE_LENGTH_BYTES = 2;
const pieceHead = new ByteWriter(40);

/**
 * Writes a data message into `target` from `at` on: as many bytes of a chunk from `offset` on as fit into `maxBytes`,
 * which is less than `PIECE_BYTES`.
 */
export function writePiece(
  target: Buffer,
  at: number,
  { file, chunk, offset }: { readonly file: number; readonly chunk: number; readonly offset: number },
  bytes: Buffer,
  maxBytes: number,
): WrittenPiece {
  pieceHead.truncate(0);
  pieceHead.uint8(TYPES.data);
  pieceHead.varint(file);
  pieceHead.varint(chunk);
  pieceHead.varint(offset);
  const head = pieceHead.finish();
  const length = Math.min(bytes.length - offset, maxBytes - PIECE_LENGTH_BYTES - head.length);
  pieceHead.truncate(0);
  pieceHead.varint(head.length + length);
  let end = at + pieceHead.finish().copy(target, at);
  end += head.copy(target, end);
  end += bytes.copy(target, end, offset, offset + length);
  return { length, end };
}

/** Reads a message without its length; byte fields are views. Throws ProtocolViolation. */
export function decodeLinkMessage(message: Buffer): LinkMessage {
  const reader = new ByteReader(message);
  const type = reader.uint8();
  const read = readBody(type, reader);
  if (reader.remaining > 0) throw new ProtocolViolation('a message of a peer goes on after its end');
  return read;
}

function readBody(type: number, reader: ByteReader): LinkMessage {
  if (type === TYPES.probe || type === TYPES.echo) {
    return { type: type === TYPES.probe ? 'probe' : 'echo', nonce: reader.bytes(NONCE_BYTES) };
  }
  if (type === TYPES.proof) {
    return { type: 'proof', file: reader.varint(), link: reader.block(MAX_LINK_BYTES, 'a link') };
  }
  if (type < TYPES.ask || type > TYPES.refuse) throw new ProtocolViolation(`a message of the unknown type ${type}`);
  const file = reader.varint();
  const chunk = reader.varint();
  if (type === TYPES.refuse) return { type: 'refuse', file, chunk };
  if (type === TYPES.ask) {
    return { type: 'ask', file, chunk, expires: reader.varint(), token: reader.bytes(TOKEN_BYTES) };
  }
  const offset = reader.varint();
  const length = reader.remaining;
  if (length === 0 || length > PIECE_BYTES || offset + length > SWARM_CHUNK_BYTES) {
    throw new ProtocolViolation('a piece that lies in no chunk');
  }
  return { type: 'data', file, chunk, offset, bytes: reader.bytes(length) };
}
