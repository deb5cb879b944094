/**
 * What a publisher vouches for of a live stream: a signed head, and a chain of signed links. Each link has the hashes of
 * the newest chunks and the hash of the link before it, so that nobody can leave one out or tell two listeners different
 * things without being found out.
 * @module
 */
import { createHash, type KeyObject } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { type ByteReader, ByteWriter } from '../link/varint.ts';
import { HASH_BYTES, SWARM_CHUNK_BYTES } from './hash-tree.ts';
import { MAX_MANIFEST_BYTES, openSigned, SIGNED_FORMAT, signed } from './manifest.ts';

/** What holds for a stream as long as it runs. */
export interface StreamHead {
  /** The path under which it is published; begins with `/`. */
  readonly path: string;
  /** Another one of each run of the publisher, 16 bytes. */
  readonly id: Buffer;
  /** Chunk n belongs to sub-stream n modulo this. */
  readonly substreams: number;
  /** About how long a chunk plays. */
  readonly chunkMs: number;
  /** A chunk is played so long after the publisher had it. */
  readonly playDelayMs: number;
}

/** A chunk as its link names it. */
export interface ChunkProof {
  readonly length: number;
  /** SHA-256, 32 bytes. */
  readonly hash: Buffer;
}

/** One link of the chain. */
export interface StreamLink {
  readonly id: Buffer;
  /** From 0 on. */
  readonly sequence: number;
  /** `linkHash` of the link before; of the first one the hash of the head. */
  readonly previous: Buffer;
  /** When the publisher had these chunks, in ms since the stream began. */
  readonly bornMs: number;
  /** The first of its chunks; the others follow. */
  readonly firstChunk: number;
  readonly chunks: readonly ChunkProof[];
}

/** Bytes that tell runs of a publisher apart. */
export const STREAM_ID_BYTES = 16;
/** The most chunks of a link. */
export const MAX_LINK_CHUNKS = 64;
/** The longest signed link. */
export const MAX_LINK_BYTES = 4096;

const MAX_PATH_BYTES = 4096;
const MAX_SUBSTREAMS = 16;
const MAX_CHUNK_MS = 10_000;
const MAX_PLAY_DELAY_MS = 60_000;
const HEAD_FORM = {
  most: MAX_MANIFEST_BYTES,
  what: 'the head of a stream',
  context: Buffer.from('distream swarm stream head\0'),
};
const LINK_FORM = { most: MAX_LINK_BYTES, what: 'a link', context: Buffer.from('distream swarm stream link\0') };

/** The head and its Ed25519 signature. Throws RangeError for what is out of bounds. */
export function signStreamHead(head: StreamHead, privateKey: KeyObject): Buffer {
  const path = Buffer.from(head.path);
  if (path.length > MAX_PATH_BYTES) throw new RangeError('the path is too long');
  const writer = new ByteWriter(MAX_MANIFEST_BYTES);
  writer.uint8(SIGNED_FORMAT);
  writer.block(path);
  writer.bytes(head.id);
  writer.varint(head.substreams);
  writer.varint(head.chunkMs);
  writer.varint(head.playDelayMs);
  return signed(writer.finish(), HEAD_FORM.context, privateKey);
}

/** Reads a signed head. Throws ProtocolViolation when it is malformed or not signed by this key (32 bytes). */
export function openStreamHead(bytes: Buffer, publicKey: Buffer): StreamHead {
  const head = openSigned(bytes, publicKey, HEAD_FORM, (reader) => ({
    path: reader.text(MAX_PATH_BYTES, 'a path'),
    id: Buffer.from(reader.bytes(STREAM_ID_BYTES)),
    substreams: reader.varint(),
    chunkMs: reader.varint(),
    playDelayMs: reader.varint(),
  }));
  const isFit =
    head.path.startsWith('/') &&
    isWithin(head.substreams, MAX_SUBSTREAMS) &&
    isWithin(head.chunkMs, MAX_CHUNK_MS) &&
    isWithin(head.playDelayMs, MAX_PLAY_DELAY_MS);
  if (!isFit) throw new ProtocolViolation('the head of no stream');
  return head;
}

/** A link and its signature. Throws RangeError for too many chunks. */
export function signStreamLink(link: StreamLink, privateKey: KeyObject): Buffer {
  if (!isWithin(link.chunks.length, MAX_LINK_CHUNKS)) throw new RangeError(`a link of ${link.chunks.length} chunks`);
  const writer = new ByteWriter(MAX_LINK_BYTES);
  writer.uint8(SIGNED_FORMAT);
  writer.bytes(link.id);
  writer.varint(link.sequence);
  writer.bytes(link.previous);
  writer.varint(link.bornMs);
  writer.varint(link.firstChunk);
  writer.varint(link.chunks.length);
  for (const { length, hash } of link.chunks) {
    writer.varint(length);
    writer.bytes(hash);
  }
  return signed(writer.finish(), LINK_FORM.context, privateKey);
}

/** Reads a signed link. Throws ProtocolViolation when it is malformed or not signed by this key (32 bytes). */
export function openStreamLink(bytes: Buffer, publicKey: Buffer): StreamLink {
  return openSigned(bytes, publicKey, LINK_FORM, readLink);
}

function readLink(reader: ByteReader): StreamLink {
  const id = Buffer.from(reader.bytes(STREAM_ID_BYTES));
  const sequence = reader.varint();
  const previous = Buffer.from(reader.bytes(HASH_BYTES));
  const bornMs = reader.varint();
  const firstChunk = reader.varint();
  const count = reader.varint();
  if (!isWithin(count, MAX_LINK_CHUNKS)) throw new ProtocolViolation(`a link of ${count} chunks`);
  const chunks: ChunkProof[] = [];
  for (let at = 0; at < count; at++) {
    const length = reader.varint();
    if (!isWithin(length, SWARM_CHUNK_BYTES)) throw new ProtocolViolation(`a chunk of ${length} bytes`);
    chunks.push({ length, hash: Buffer.from(reader.bytes(HASH_BYTES)) });
  }
  return { id, sequence, previous, bornMs, firstChunk, chunks };
}

/** By which the next link names this one (or the first link the head): SHA-256 of all its bytes. */
export function linkHash(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function isWithin(value: number, most: number): boolean {
  return value >= 1 && value <= most;
}
