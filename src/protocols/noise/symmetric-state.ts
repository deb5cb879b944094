import { createHash, hkdfSync } from 'node:crypto';
import { CipherState } from './cipher-state.ts';

const HASH_BYTES = 32;
const NO_BYTES = Buffer.alloc(0);

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Noise, section 4.3: the framework's HKDF is that of RFC 5869 with the chaining key as salt and no info. */
function hkdf(chainingKey: Buffer, input: Uint8Array, outputs: 2 | 3): Buffer[] {
  const bytes = Buffer.from(hkdfSync('sha256', input, chainingKey, NO_BYTES, outputs * HASH_BYTES));
  return Array.from({ length: outputs }, (_, index) => bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
}

/** The chaining key, the running hash of all that was said, and the current key of a handshake (Noise, section 5.2). */
export class SymmetricState {
  #chainingKey: Buffer;
  #hash: Buffer;
  #cipher = new CipherState();

  constructor(protocolName: string) {
    const name = Buffer.from(protocolName, 'ascii');
    this.#hash =
      name.length <= HASH_BYTES ? Buffer.concat([name, Buffer.alloc(HASH_BYTES - name.length)]) : sha256(name);
    this.#chainingKey = this.#hash;
  }

  /** The hash so far, 32 bytes. */
  get hash(): Buffer {
    return this.#hash;
  }

  /** True when `encryptAndHash` encrypts. */
  get hasKey(): boolean {
    return this.#cipher.key !== undefined;
  }

  /** A state of its own that goes on from here. */
  clone(): SymmetricState {
    const copy = new SymmetricState('');
    copy.#chainingKey = this.#chainingKey;
    copy.#hash = this.#hash;
    copy.#cipher = this.#cipher.clone();
    return copy;
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  mixKey(input: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#chainingKey, input, 2);
    this.#chainingKey = chainingKey!;
    this.#cipher = new CipherState(key);
  }

  mixKeyAndHash(input: Uint8Array): void {
    const [chainingKey, hashed, key] = hkdf(this.#chainingKey, input, 3);
    this.#chainingKey = chainingKey!;
    this.mixHash(hashed!);
    this.#cipher = new CipherState(key);
  }

  encryptAndHash(plain: Uint8Array): Buffer {
    const sealed = this.#cipher.encrypt(this.#hash, plain);
    this.mixHash(sealed);
    return sealed;
  }

  /** Throws ProtocolViolation when `sealed` is not genuine. */
  decryptAndHash(sealed: Buffer): Buffer {
    const plain = this.#cipher.decrypt(this.#hash, sealed);
    this.mixHash(sealed);
    return plain;
  }

  /** The ciphers of the session: the initiator's direction, then the responder's. */
  split(): [CipherState, CipherState] {
    const [first, second] = hkdf(this.#chainingKey, NO_BYTES, 2);
    return [new CipherState(first), new CipherState(second)];
  }
}
