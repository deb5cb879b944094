import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { rawPublicKey } from './manifest.ts';
import {
  linkHash,
  openStreamHead,
  openStreamLink,
  type StreamHead,
  type StreamLink,
  signStreamHead,
  signStreamLink,
} from './stream-manifest.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = rawPublicKey(createPublicKey(privateKey))!;
const head: StreamHead = {
  path: '/radio',
  id: Buffer.alloc(16, 3),
  substreams: 4,
  chunkMs: 250,
  playDelayMs: 3500,
};
const link: StreamLink = {
  id: head.id,
  sequence: 7,
  previous: Buffer.alloc(32, 1),
  bornMs: 3500,
  firstChunk: 14,
  chunks: [
    { length: 4000, hash: Buffer.alloc(32, 8) },
    { length: 3999, hash: Buffer.alloc(32, 9) },
  ],
};
const proofs = [
  ['head', signStreamHead(head, privateKey), openStreamHead, head],
  ['link', signStreamLink(link, privateKey), openStreamLink, link],
] as const;

describe.each(proofs)('the signed %s of a stream', (_name, bytes, open, value) => {
  it('comes back as it was', () => expect(open(bytes, key)).toEqual(value));

  it('is refused with any byte changed, cut off or added', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      expect(() => open(changed, key)).toThrow(ProtocolViolation);
      expect(() => open(bytes.subarray(0, at), key)).toThrow(ProtocolViolation);
    }
    expect(() => open(Buffer.concat([bytes, Buffer.of(0)]), key)).toThrow(ProtocolViolation);
  });

  it('is refused under another key', () => {
    const other = rawPublicKey(generateKeyPairSync('ed25519').publicKey)!;
    expect(() => open(bytes, other)).toThrow(/not signed/);
  });

  it('of random bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        expect(() => open(Buffer.from([1, ...random]), key)).toThrow(ProtocolViolation);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the chain of a stream', () => {
  it('names a link by all of its bytes', () => {
    const [one, other] = [signStreamLink(link, privateKey), signStreamLink({ ...link, bornMs: 3501 }, privateKey)];
    expect(linkHash(one)).toHaveLength(32);
    expect(linkHash(one)).not.toEqual(linkHash(other));
  });

  it('has no link without chunks or with too many, and no chunk of no or too many bytes', () => {
    const chunk = link.chunks[0]!;
    for (const count of [0, 65]) {
      const chunks = Array.from({ length: count }, () => chunk);
      expect(() => signStreamLink({ ...link, chunks }, privateKey)).toThrow(RangeError);
    }
    for (const length of [0, 65_537]) {
      const bytes = signStreamLink({ ...link, chunks: [{ ...chunk, length }] }, privateKey);
      expect(() => openStreamLink(bytes, key)).toThrow(ProtocolViolation);
    }
  });

  it('has a head within bounds', () => {
    for (const wrong of [
      { path: 'radio' },
      { substreams: 0 },
      { substreams: 17 },
      { chunkMs: 0 },
      { playDelayMs: 1e6 },
    ]) {
      expect(() => openStreamHead(signStreamHead({ ...head, ...wrong }, privateKey), key)).toThrow(ProtocolViolation);
    }
  });
});
