import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { generateKeyPair, keyPairFrom, publicKeyFrom, rawPrivateKey, sharedSecret } from './x25519.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('X25519', () => {
  it('agrees on the secret of RFC 7748, section 6.1', () => {
    const alice = keyPairFrom(hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'));
    const bob = keyPairFrom(hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'));
    expect(alice.publicKey.raw).toEqual(hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'));
    const bobPublic = publicKeyFrom(hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'));
    const secret = hex('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');
    expect(sharedSecret(alice, bobPublic)).toEqual(secret);
    expect(sharedSecret(bob, alice.publicKey)).toEqual(secret);
  });

  it('gives a private key back as it came', () => {
    const pair = generateKeyPair();
    const again = keyPairFrom(rawPrivateKey(pair));
    expect(again.publicKey.raw).toEqual(pair.publicKey.raw);
    expect(rawPrivateKey(again)).toEqual(rawPrivateKey(pair));
    expect(generateKeyPair().publicKey.raw).not.toEqual(pair.publicKey.raw);
  });

  it('refuses a secret of zeros', () => {
    expect(() => sharedSecret(generateKeyPair(), publicKeyFrom(Buffer.alloc(32)))).toThrow(ProtocolViolation);
  });

  it('takes 32 bytes, and a copy of them', () => {
    for (const length of [0, 31, 33]) {
      expect(() => publicKeyFrom(Buffer.alloc(length))).toThrow(RangeError);
      expect(() => keyPairFrom(Buffer.alloc(length))).toThrow(RangeError);
    }
    const raw = Buffer.alloc(32, 9);
    const key = publicKeyFrom(raw);
    raw.fill(0);
    expect(key.raw).toEqual(Buffer.alloc(32, 9));
  });
});
