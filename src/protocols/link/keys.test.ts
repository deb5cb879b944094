import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyPairFrom } from '../noise/x25519.ts';
import { formatKey, generatePrivateKey, generateSharedKey, type KeyKind, parseKey, publicKeyOf } from './keys.ts';

const RAW = Buffer.from('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', 'hex');
const KINDS: readonly KeyKind[] = ['public', 'private', 'shared'];

const reasonOf = (text: string, wanted: KeyKind) => {
  const parsed = parseKey(text, wanted);
  return parsed.kind === 'invalid' ? parsed.reason : 'valid';
};

describe('keys as text', () => {
  it('stay as they are written', () => {
    expect(formatKey('private', RAW)).toBe('dskey_dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCqo74ko');
    expect(publicKeyOf(formatKey('private', RAW))).toBe('dspub_hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmpfCfiN');
    expect(formatKey('shared', RAW)).toBe('dsshared_dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCpPsubt');
  });

  it('come back from text, with spaces around them too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(...KINDS), (raw, kind) => {
        const text = formatKey(kind, raw);
        expect(text).toMatch(/^ds[a-z]+_[A-Za-z0-9_-]{48}$/);
        expect(parseKey(` ${text}\n`, kind)).toEqual({ kind, raw: Buffer.from(raw) });
      }),
      { numRuns: 100 },
    );
  });

  it('are made anew each time', () => {
    const privateKey = generatePrivateKey();
    expect(privateKey).not.toBe(generatePrivateKey());
    expect(generateSharedKey()).not.toBe(generateSharedKey());
    expect(parseKey(generateSharedKey(), 'shared').kind).toBe('shared');
    const [own, published] = [parseKey(privateKey, 'private'), parseKey(publicKeyOf(privateKey)!, 'public')];
    if (own.kind === 'invalid' || published.kind === 'invalid') throw new Error('unreachable');
    expect(published.raw).toEqual(keyPairFrom(own.raw).publicKey.raw);
  });

  it('tell a slip in any one place', () => {
    const text = formatKey('public', RAW);
    for (let at = 'dspub_'.length; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      expect(reasonOf(text.slice(0, at) + other + text.slice(at + 1), 'public')).toMatch(/typing error/);
      if (text[at] !== text[at + 1] && at + 1 < text.length) {
        const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
        expect(reasonOf(swapped, 'public')).toMatch(/typing error/);
      }
    }
  });

  it('say in words what is wrong, and never repeat the key', () => {
    const secret = formatKey('private', RAW);
    expect(reasonOf('', 'public')).toBe('a public key begins with dspub_');
    expect(reasonOf('letmein', 'shared')).toBe('a shared key begins with dsshared_');
    expect(reasonOf(secret, 'public')).toBe('this is a private key; a public key (dspub_...) belongs here');
    expect(reasonOf(secret.slice(0, -1), 'private')).toBe('the key is cut off: 47 characters after dskey_, not 48');
    expect(reasonOf(`${secret}A`, 'private')).toBe('the key is too long: 49 characters after dskey_, not 48');
    expect(reasonOf(secret.replace(/.$/, '+'), 'private')).toBe('there are characters in the key that no key has');
    expect(reasonOf(secret.replace('dskey_', 'dspub_'), 'public')).toMatch(/typing error/);
    expect(publicKeyOf('dskey_')).toBeUndefined();
  });

  it('takes any text without a throw', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...KINDS),
        fc.constantFrom('', 'dspub_', 'dskey_', 'dsshared_'),
        (text, kind, prefix) => {
          expect(parseKey(prefix + text, kind).kind).toBe('invalid');
        },
      ),
      { numRuns: 200 },
    );
    expect(() => formatKey('public', Buffer.alloc(31))).toThrow(RangeError);
  });
});
