import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { aeadKey, nonceOf, nonceOfNumber, open, seal, TAG_BYTES } from './chacha20-poly1305.ts';
import { CipherState } from './cipher-state.ts';

const KEY = Buffer.from('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f', 'hex');
const NOTHING = Buffer.alloc(0);
const LAST_COUNTER = 2n ** 64n - 2n;

describe('ChaCha20-Poly1305', () => {
  it('seals the example of RFC 8439, section 2.8.2', () => {
    const nonce = Buffer.from('070000004041424344454647', 'hex');
    const associated = Buffer.from('50515253c0c1c2c3c4c5c6c7', 'hex');
    const plain = Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const sealed = seal(aeadKey(KEY), nonce, associated, plain);
    expect(sealed.subarray(-TAG_BYTES).toString('hex')).toBe('1ae10b594f09e26a7e902ecbd0600691');
    expect(sealed.subarray(0, 8).toString('hex')).toBe('d31a8d34648e60db');
    expect(open(aeadKey(KEY), nonce, associated, sealed)).toEqual(plain);
    expect(open(aeadKey(KEY), nonce, NOTHING, sealed)).toBeUndefined();
  });

  it('opens nothing shorter than a tag', () => {
    for (let length = 0; length < TAG_BYTES; length++) {
      expect(open(aeadKey(KEY), nonceOf(0n), NOTHING, Buffer.alloc(length))).toBeUndefined();
    }
  });

  it('writes counters into nonces little endian', () => {
    expect(nonceOf(0x0102030405060708n).toString('hex')).toBe('000000000807060504030201');
    for (const counter of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(nonceOfNumber(counter)).toEqual(nonceOf(BigInt(counter)));
    }
  });

  it('takes keys of 32 bytes only', () => {
    expect(() => aeadKey(Buffer.alloc(31))).toThrow(RangeError);
  });
});

describe('CipherState', () => {
  it('passes bytes through without a key', () => {
    const state = new CipherState();
    expect(state.encrypt(NOTHING, Buffer.from('open')).toString()).toBe('open');
    expect(state.decrypt(NOTHING, Buffer.from('open')).toString()).toBe('open');
  });

  it('counts only what was genuine', () => {
    const [sender, receiver] = [new CipherState(KEY), new CipherState(KEY)];
    const messages = [1, 2, 3].map((value) => sender.encrypt(NOTHING, Buffer.of(value)));
    expect(() => receiver.decrypt(NOTHING, messages[1]!)).toThrow(ProtocolViolation);
    for (const [index, message] of messages.entries()) {
      expect(receiver.decrypt(NOTHING, message)).toEqual(Buffer.of(index + 1));
      expect(() => receiver.decrypt(NOTHING, message)).toThrow(ProtocolViolation);
    }
  });

  it('stops at the last counter, in both directions', () => {
    const [sender, receiver] = [new CipherState(KEY, LAST_COUNTER), new CipherState(KEY, LAST_COUNTER)];
    const last = sender.encrypt(NOTHING, Buffer.from('last'));
    expect(receiver.decrypt(NOTHING, last).toString()).toBe('last');
    expect(() => sender.encrypt(NOTHING, NOTHING)).toThrow(RangeError);
    expect(() => receiver.decrypt(NOTHING, last)).toThrow(ProtocolViolation);
  });

  it('goes on under the following key after rekey, which is that of Noise, section 4.2', () => {
    const [sender, old, receiver] = [new CipherState(KEY), new CipherState(KEY), new CipherState(KEY)];
    sender.rekey();
    receiver.rekey();
    const cipher = createCipheriv('chacha20-poly1305', KEY, Buffer.from('00000000ffffffffffffffff', 'hex'), {
      authTagLength: TAG_BYTES,
    });
    expect(sender.key!.export()).toEqual(cipher.update(Buffer.alloc(32)));
    const sealed = sender.encrypt(NOTHING, Buffer.from('new'));
    expect(() => old.decrypt(NOTHING, sealed)).toThrow(ProtocolViolation);
    expect(receiver.decrypt(NOTHING, sealed).toString()).toBe('new');
  });
});
