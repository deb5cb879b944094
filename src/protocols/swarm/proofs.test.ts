import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { chunkHash, chunkLength, chunksOf, treeRoot } from './hash-tree.ts';
import { openManifest, rawPublicKey, signManifest } from './manifest.ts';
import { formatSwarmUrl, parseSwarmUrl, shownSwarmUrl } from './swarm-url.ts';
import { grantToken, isGrantToken, meetingIdentity, meetingKey, parseMeetingIdentity } from './token.ts';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const NONE = Buffer.alloc(32);

describe('the hash tree', () => {
  it('of a chunk is that of its leaves, missing ones zero', () => {
    const bytes = Buffer.alloc(40_000, 3);
    const leaves = [0, 1, 2].map((leaf) => sha256(bytes.subarray(leaf * 16_384, (leaf + 1) * 16_384)));
    const [one, two, three] = leaves as [Buffer, Buffer, Buffer];
    expect(chunkHash(bytes)).toEqual(sha256(sha256(one, two), sha256(three, NONE)));
  });

  it('over three chunks has an empty fourth', () => {
    const [a, b, c] = [1, 2, 3].map((value) => chunkHash(Buffer.alloc(65_536, value))) as [Buffer, Buffer, Buffer];
    const empty = sha256(sha256(NONE, NONE), sha256(NONE, NONE));
    expect(treeRoot(Buffer.concat([a, b, c]))).toEqual(sha256(sha256(a, b), sha256(c, empty)));
    expect(treeRoot(a)).toEqual(a);
  });

  it('has no root of nothing or of broken lists', () => {
    expect(() => treeRoot(Buffer.alloc(0))).toThrow(RangeError);
    expect(() => treeRoot(Buffer.alloc(33))).toThrow(RangeError);
  });

  it('cuts files at 64 KiB', () => {
    expect(chunksOf(65_537)).toBe(2);
    expect(chunkLength(65_537, 1)).toBe(1);
  });
});

describe('a signed manifest', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = rawPublicKey(createPublicKey(privateKey))!;
  const manifest = { path: '/a/b.mp3', sizeBytes: 20_000_000, root: Buffer.alloc(32, 9) };
  const signed = signManifest(manifest, privateKey);

  it('comes back as it was', () => expect(openManifest(signed, key)).toEqual(manifest));

  it('is refused with any byte changed, cut off or added', () => {
    for (let at = 0; at < signed.length; at++) {
      const changed = Buffer.from(signed);
      changed[at] = changed[at]! ^ 1;
      expect(() => openManifest(changed, key)).toThrow(ProtocolViolation);
      expect(() => openManifest(signed.subarray(0, at), key)).toThrow(ProtocolViolation);
    }
    expect(() => openManifest(Buffer.concat([signed, Buffer.of(0)]), key)).toThrow(ProtocolViolation);
  });

  it('is refused under another key', () => {
    const other = rawPublicKey(generateKeyPairSync('ed25519').publicKey)!;
    expect(() => openManifest(signed, other)).toThrow(/not signed/);
  });

  it('of random bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => openManifest(Buffer.from(bytes), key)).toThrow(ProtocolViolation);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a token', () => {
  const secret = Buffer.alloc(32, 5);
  const grant = { giver: 4, taker: 9, file: 1, chunk: 7, expires: 60 };

  it('holds for exactly its transfer', () => {
    const token = grantToken(secret, grant);
    expect(isGrantToken(token, secret, grant)).toBe(true);
    for (const key of Object.keys(grant) as (keyof typeof grant)[]) {
      expect(isGrantToken(token, secret, { ...grant, [key]: grant[key] + 1 }), key).toBe(false);
    }
    expect(isGrantToken(token, Buffer.alloc(32), grant)).toBe(false);
    expect(isGrantToken(token.subarray(1), secret, grant)).toBe(false);
  });

  it('of a meeting is its own', () => {
    const meeting = { dialler: 4, expires: 3600 };
    expect(parseMeetingIdentity(meetingIdentity(meeting))).toEqual(meeting);
    expect(meetingKey(secret, meeting)).not.toEqual(meetingKey(secret, { ...meeting, dialler: 5 }));
    for (const text of ['', 'pdtp3 1', 'pdtp3 -1 2', 'pdtp3 1 2 3', `pdtp3 ${'9'.repeat(11)} 1`]) {
      expect(parseMeetingIdentity(text)).toBeUndefined();
    }
  });
});

describe('an address of the native dialect', () => {
  const key = Buffer.alloc(32, 0xab);

  it('comes back as it was', () => {
    const text = formatSwarmUrl('example.org', 7000, '/a b/ö.mp3', key);
    expect(parseSwarmUrl(text)).toEqual({ host: 'example.org', port: 7000, path: '/a b/ö.mp3', key });
    expect(parseSwarmUrl('pdtps://[::1]/x')).toEqual({ host: '::1', port: 6085, path: '/x', key: undefined });
  });

  it('may have a ticket after the key, or alone', () => {
    const ticket = Buffer.from('a ticket');
    const text = `${formatSwarmUrl('example.org', 6085, '/x', key)}&ticket=${ticket.toString('base64url')}`;
    expect(parseSwarmUrl(text)).toMatchObject({ key, ticket });
    expect(parseSwarmUrl('pdtps://host/x#ticket=YQ')).toMatchObject({ key: undefined, ticket: Buffer.from('a') });
    for (const bad of [
      '#ticket=',
      '#&ticket=YQ',
      '#key=abc&ticket=YQ',
      '#ticket=YQ&key=',
      `#ticket=${'a'.repeat(343)}`,
    ]) {
      expect(parseSwarmUrl(`pdtps://host/x${bad}`), bad).toBeUndefined();
    }
  });

  it('is shown without its ticket, whether it is an address or not', () => {
    expect(shownSwarmUrl('pdtps://host/ticket=x#key=abc&ticket=YQ')).toBe(
      'pdtps://host/ticket=x#key=abc&ticket=********',
    );
    expect(shownSwarmUrl('pdtps://host/x#TICKET=YQ')).toBe('pdtps://host/x#TICKET=********');
    expect(shownSwarmUrl('pdtp://host/x')).toBe('pdtp://host/x');
  });

  it('is none when its key is broken: a pin is never left out', () => {
    const bad = ['#key=', '#key=abc', `#key=${'A'.repeat(44)}`, '#kay=x', `#key=${'!'.repeat(43)}`];
    for (const fragment of bad) expect(parseSwarmUrl(`pdtps://host/x${fragment}`), fragment).toBeUndefined();
    for (const url of ['pdtp://host/x', 'pdtps://host', 'pdtps://host:0/x', 'pdtps://host:65536/x', 'pdtps://h/%zz']) {
      expect(parseSwarmUrl(url), url).toBeUndefined();
    }
  });
});
