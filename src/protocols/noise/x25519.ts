/**
 * X25519 (RFC 7748) with raw keys of 32 bytes on top of node:crypto, which wants them wrapped in DER (RFC 8410).
 * @module
 */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';

/** Bytes of a public key, a private key and a shared secret (Noise: DHLEN). */
export const KEY_BYTES = 32;

/** A public key: the raw bytes and the same key ready for use. */
export interface PublicKey {
  /** 32 bytes; never written to. */
  readonly raw: Buffer;
  readonly key: KeyObject;
}

/** A key pair. The private half is not in memory as plain bytes of ours. */
export interface KeyPair {
  readonly publicKey: PublicKey;
  readonly privateKey: KeyObject;
}

// RFC 8410, sections 4 and 7: the wrapping is constant, the key stands at the end.
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const ALL_ZERO = Buffer.alloc(KEY_BYTES);

/** A public key from its 32 raw bytes. Any 32 bytes are one; throws RangeError for another length. */
export function publicKeyFrom(raw: Uint8Array): PublicKey {
  demandLength(raw);
  const copy = Buffer.from(raw);
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, copy]), format: 'der', type: 'spki' });
  return { raw: copy, key };
}

/** The key pair of 32 raw private bytes. Throws RangeError for another length. */
export function keyPairFrom(rawPrivate: Uint8Array): KeyPair {
  demandLength(rawPrivate);
  const der = Buffer.concat([PKCS8_PREFIX, rawPrivate]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return { privateKey, publicKey: wrap(createPublicKey(privateKey)) };
}

/** A new key pair from the system's generator. */
export function generateKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: wrap(publicKey) };
}

/** The 32 raw bytes of a private key: a secret, for printing or storing it. */
export function rawPrivateKey(pair: KeyPair): Buffer {
  return pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES);
}

/**
 * The shared secret of one's own pair and a peer's public key, 32 bytes. Throws ProtocolViolation for a public key of
 * low order, whose secret is all zero whatever the private key (RFC 7748, section 6.1).
 */
export function sharedSecret(own: KeyPair, peer: PublicKey): Buffer {
  let secret: Buffer;
  try {
    secret = diffieHellman({ privateKey: own.privateKey, publicKey: peer.key });
  } catch (cause) {
    throw new ProtocolViolation('the public key of the peer is of low order', { cause });
  }
  if (timingSafeEqual(secret, ALL_ZERO)) throw new ProtocolViolation('the public key of the peer is of low order');
  return secret;
}

function wrap(key: KeyObject): PublicKey {
  return { raw: key.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES), key };
}

function demandLength(raw: Uint8Array): void {
  if (raw.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${raw.length}`);
}
