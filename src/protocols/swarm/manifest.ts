import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { ByteReader, ByteWriter } from '../link/varint.ts';
import { HASH_BYTES, MAX_FILE_CHUNKS, SWARM_CHUNK_BYTES } from './hash-tree.ts';

/** What a publisher vouches for. */
export interface FileManifest {
  /** The path under which it is published; begins with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Root of the hash tree, 32 bytes. */
  readonly root: Buffer;
}

/** Bytes of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;
/** The longest signed manifest. */
export const MAX_MANIFEST_BYTES = 4096 + 128;

const MAX_PATH_BYTES = 4096;
const SIGNATURE_BYTES = 64;
const CONTEXT = Buffer.from('distream swarm file manifest\0');
/** The first byte of all that is signed. */
export const SIGNED_FORMAT = 1;
/** Head of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410, section 4). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** The manifest and its Ed25519 signature, as bytes. Throws RangeError for a path or size out of bounds. */
export function signManifest(manifest: FileManifest, privateKey: KeyObject): Buffer {
  const path = Buffer.from(manifest.path);
  if (path.length > MAX_PATH_BYTES) throw new RangeError('the path is too long');
  const writer = new ByteWriter(MAX_MANIFEST_BYTES);
  writer.uint8(SIGNED_FORMAT);
  writer.block(path);
  writer.varint(manifest.sizeBytes);
  writer.bytes(manifest.root);
  return signed(writer.finish(), CONTEXT, privateKey);
}

/** Reads a signed manifest. Throws ProtocolViolation when it is malformed or not signed by this key (32 bytes). */
export function openManifest(bytes: Buffer, publicKey: Buffer): FileManifest {
  const form = { most: MAX_MANIFEST_BYTES, what: 'a manifest', context: CONTEXT };
  const manifest = openSigned(bytes, publicKey, form, (reader) => ({
    path: reader.text(MAX_PATH_BYTES, 'a path'),
    sizeBytes: reader.varint(),
    root: Buffer.from(reader.bytes(HASH_BYTES)),
  }));
  const { path, sizeBytes } = manifest;
  if (!path.startsWith('/') || sizeBytes < 1 || sizeBytes > MAX_FILE_CHUNKS * SWARM_CHUNK_BYTES) {
    throw new ProtocolViolation('a manifest of no file');
  }
  return manifest;
}

/** What is signed with a key, and cannot be taken for anything else. */
export interface SignedForm {
  /** Bytes of it, at most. */
  readonly most: number;
  /** For errors. */
  readonly what: string;
  /** Signed before it, so that the signature means nothing anywhere else. */
  readonly context: Buffer;
}

/** A body and its Ed25519 signature. The body begins with `SIGNED_FORMAT`. */
export function signed(body: Buffer, context: Buffer, privateKey: KeyObject): Buffer {
  return Buffer.concat([body, sign(null, Buffer.concat([context, body]), privateKey)]);
}

/** Reads what `signed` has made. Throws ProtocolViolation when it is malformed or not signed by this key (32 bytes). */
export function openSigned<Body>(
  bytes: Buffer,
  publicKey: Buffer,
  { most, what, context }: SignedForm,
  read: (reader: ByteReader) => Body,
): Body {
  if (bytes.length > most) throw new ProtocolViolation(`${what} is too long`);
  const reader = new ByteReader(bytes);
  if (reader.uint8() !== SIGNED_FORMAT) throw new ProtocolViolation(`${what} of an unknown format`);
  const body = read(reader);
  const signedBytes = Buffer.concat([context, bytes.subarray(0, reader.position)]);
  const signature = reader.bytes(SIGNATURE_BYTES);
  if (reader.remaining > 0) throw new ProtocolViolation(`${what} goes on after its end`);
  if (!verify(null, signedBytes, publicKeyOf(publicKey), signature)) {
    throw new ProtocolViolation(`${what} is not signed by the key of the address`);
  }
  return body;
}

/** An Ed25519 key of its 32 bytes. */
function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, raw]), format: 'der', type: 'spki' });
}

/** The 32 bytes of an Ed25519 public key; undefined for another kind of key. */
export function rawPublicKey(key: KeyObject): Buffer | undefined {
  if (key.asymmetricKeyType !== 'ed25519') return undefined;
  return key.export({ type: 'spki', format: 'der' }).subarray(SPKI_HEAD.length);
}
