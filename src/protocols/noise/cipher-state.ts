import type { KeyObject } from 'node:crypto';
import { ProtocolViolation } from '../../core/errors.ts';
import { aeadKey, nonceOf, open, REKEY_COUNTER, rekeyed, seal } from './chacha20-poly1305.ts';

/**
 * A key and the counter of what was done with it (Noise, section 5.1). One direction of a session, or the current key
 * of a handshake. Without a key it passes bytes through.
 */
export class CipherState {
  #key: KeyObject | undefined;
  #counter: bigint;

  /** `key`: 32 bytes. `counter`: of the next message. */
  constructor(key?: Uint8Array, counter = 0n) {
    this.#key = key && aeadKey(key);
    this.#counter = counter;
  }

  /** The key for a record layer that numbers its packets itself (Noise, section 11.4); undefined before there is one. */
  get key(): KeyObject | undefined {
    return this.#key;
  }

  /** A state of its own that goes on from here. Only to take back a message that was not genuine. */
  clone(): CipherState {
    const copy = new CipherState(undefined, this.#counter);
    copy.#key = this.#key;
    return copy;
  }

  /** Encrypts the next message. Throws RangeError when all 2^64 - 1 counters are used. */
  encrypt(associated: Uint8Array, plain: Uint8Array): Buffer {
    if (!this.#key) return Buffer.from(plain);
    if (this.#counter >= REKEY_COUNTER) throw new RangeError('the nonces of this key are used up');
    return seal(this.#key, nonceOf(this.#counter++), associated, plain);
  }

  /**
   * Decrypts the next message. Throws ProtocolViolation when it is not genuine, and when the counters are used up;
   * then the counter stays.
   */
  decrypt(associated: Uint8Array, sealed: Buffer): Buffer {
    if (!this.#key) return sealed;
    if (this.#counter >= REKEY_COUNTER) throw new ProtocolViolation('the nonces of this key are used up');
    const plain = open(this.#key, nonceOf(this.#counter), associated, sealed);
    if (!plain) throw new ProtocolViolation('the message is not genuine');
    this.#counter++;
    return plain;
  }

  /** Goes over to the following key; the counter stays. Both sides do it at the same place. */
  rekey(): void {
    if (this.#key) this.#key = rekeyed(this.#key);
  }
}
