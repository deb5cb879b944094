/**
 * ChaCha20-Poly1305 (RFC 8439) as the Noise framework uses it: the nonce is four zero bytes and a 64-bit counter,
 * little endian (Noise, section 12.3).
 * @module
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

/** Bytes that sealing adds to a text: the tag behind it. */
export const TAG_BYTES = 16;

/** The counter that is never a message's: REKEY uses it (Noise, section 4.2). */
export const REKEY_COUNTER = 2n ** 64n - 1n;

const CIPHER = 'chacha20-poly1305';
const NONCE_BYTES = 12;
const TAG_OPTIONS = { authTagLength: TAG_BYTES } as const;
const ZEROS = Buffer.alloc(32);
const NO_DATA = Buffer.alloc(0);

/** A key for `seal` and `open` from its 32 bytes. */
export function aeadKey(raw: Uint8Array): KeyObject {
  if (raw.length !== 32) throw new RangeError(`a cipher key has 32 bytes, not ${raw.length}`);
  return createSecretKey(raw);
}

/** The nonce of a counter below 2^64. */
export function nonceOf(counter: bigint): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64LE(counter, 4);
  return nonce;
}

/** The nonce of a counter that is a safe integer; quicker than `nonceOf`. */
export function nonceOfNumber(counter: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32LE(counter % 2 ** 32, 4);
  nonce.writeUInt32LE(Math.floor(counter / 2 ** 32), 8);
  return nonce;
}

/** Encrypts `plain` and authenticates `associated` with it: the portions to be sent one after the other, tag last. */
export function sealParts(key: KeyObject, nonce: Buffer, associated: Uint8Array, plain: Uint8Array): [Buffer, Buffer] {
  const cipher = createCipheriv(CIPHER, key, nonce, TAG_OPTIONS);
  cipher.setAAD(associated, { plaintextLength: plain.length });
  const text = cipher.update(plain);
  cipher.final();
  return [text, cipher.getAuthTag()];
}

/** `sealParts` in one piece. */
export function seal(key: KeyObject, nonce: Buffer, associated: Uint8Array, plain: Uint8Array): Buffer {
  return Buffer.concat(sealParts(key, nonce, associated, plain));
}

/** Opens what `seal` made; undefined when it was not made with this key, nonce and associated data. */
export function open(key: KeyObject, nonce: Buffer, associated: Uint8Array, sealed: Buffer): Buffer | undefined {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, TAG_OPTIONS);
  decipher.setAAD(associated, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  const plain = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

/** The key that follows `key`, from which `key` cannot be found again (Noise, section 4.2, REKEY). */
export function rekeyed(key: KeyObject): KeyObject {
  const [text] = sealParts(key, nonceOf(REKEY_COUNTER), NO_DATA, ZEROS);
  return createSecretKey(text);
}
