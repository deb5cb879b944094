import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { derBitString, derOid, derSequence, derTime, derUnsigned } from './der.ts';
import { createSelfSigned } from './self-signed.ts';

const NOW = Date.UTC(2026, 5, 1, 12);

describe('DER', () => {
  it('is written as X.690 and RFC 5280 say', () => {
    const hex = (bytes: Buffer) => bytes.toString('hex');
    expect(hex(derOid('1.2.840.113549'))).toBe('06062a864886f70d');
    expect(
      ['00', '7f', '80', '0100', '000080', ''].map((digits) => hex(derUnsigned(Buffer.from(digits, 'hex')))),
    ).toEqual(['020100', '02017f', '02020080', '02020100', '02020080', '020100']);
    expect(hex(derBitString(Buffer.of(5)))).toBe('03020005');
    const sizes = [127, 128, 255, 256, 65_535].map((size) => hex(derSequence(Buffer.alloc(size))).slice(0, 8));
    expect(sizes).toEqual(['307f0000', '30818000', '3081ff00', '30820100', '3082ffff']);
    expect(derTime(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1')).toBe('\x17\x0d491231235959Z');
    expect(derTime(Date.UTC(2050, 0, 1)).toString('latin1')).toBe('\x18\x0f20500101000000Z');
  });
});

describe('createSelfSigned', () => {
  it('makes a certificate that signs itself, for ten years', () => {
    const { cert } = createSelfSigned('distream', NOW);
    const read = new X509Certificate(cert);
    expect([read.subject, read.issuer]).toEqual(['CN=distream', 'CN=distream']);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(Date.parse(read.validFrom)).toBe(NOW - 86_400_000);
    expect(new Date(read.validTo).getUTCFullYear()).toBe(2036);
    expect(read.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new X509Certificate(createSelfSigned('distream', NOW).cert).serialNumber).not.toBe(read.serialNumber);
  });

  it('goes beyond 2049', () => {
    const read = new X509Certificate(createSelfSigned('distream', Date.UTC(2045, 5, 1)).cert);
    expect(new Date(read.validTo).getUTCFullYear()).toBe(2055);
  });

  it('takes a key that is there: Ed25519 too, and no other kind', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const read = new X509Certificate(createSelfSigned('distream', NOW, privateKey).cert);
    expect([read.publicKey.equals(publicKey), read.verify(publicKey)]).toEqual([true, true]);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    expect(() => createSelfSigned('distream', NOW, rsa)).toThrow(RangeError);
  });

  it('serves TLS', async () => {
    const pair = createSelfSigned('distream', Date.now());
    const server = createServer(pair, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', ca: pair.cert, checkServerIdentity: () => undefined });
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect([text, socket.authorized]).toEqual(['hello', true]);
    server.close();
  });
});
