import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COOKIE_WINDOW_MS, type HelloVerdict, judgeHello } from './address-proof.ts';
import { decodeHello, decodeRetry, encodeHello, type Hello, NO_COOKIE } from './handshake-messages.ts';

const SECRET = Buffer.alloc(32, 5);
const SOURCE = { address: '192.0.2.7', port: 40_000 };
const NOW = 10 * COOKIE_WINDOW_MS;
const HELLO: Hello = { pattern: 'IK', connectionId: 77, cookie: NO_COOKIE, noise: Buffer.alloc(96, 9) };

const judge = (hello: Hello, source = SOURCE, nowMs = NOW, secret: Buffer = SECRET) =>
  judgeHello(encodeHello(hello), source, { secret, nowMs });

function cookieOf(verdict: HelloVerdict): Buffer {
  if (verdict.kind !== 'retry') throw new Error(`not a retry but ${verdict.kind}`);
  return decodeRetry(verdict.answer).cookie;
}

describe('the proof of an address', () => {
  it('is asked for at first, and given with the cookie', () => {
    const verdict = judge(HELLO);
    const proven = { ...HELLO, cookie: cookieOf(verdict) };
    expect(verdict.kind === 'retry' && decodeRetry(verdict.answer).connectionId).toBe(77);
    expect(judge(proven)).toEqual({ kind: 'proven', hello: proven });
  });

  it('holds in the window of the cookie and in the next', () => {
    const proven = { ...HELLO, cookie: cookieOf(judge(HELLO)) };
    expect(judge(proven, SOURCE, NOW + COOKIE_WINDOW_MS - 1).kind).toBe('proven');
    expect(judge(proven, SOURCE, NOW + 2 * COOKIE_WINDOW_MS - 1).kind).toBe('proven');
    expect(judge(proven, SOURCE, NOW + 2 * COOKIE_WINDOW_MS).kind).toBe('retry');
    expect(judge(proven, SOURCE, NOW - 1).kind).toBe('retry');
  });

  it('is good for one address, port, hello and secret', () => {
    const cookie = cookieOf(judge(HELLO));
    const proven = { ...HELLO, cookie };
    expect(judge(proven, { ...SOURCE, address: '192.0.2.8' }).kind).toBe('retry');
    expect(judge(proven, { ...SOURCE, port: 40_001 }).kind).toBe('retry');
    expect(judge({ ...proven, connectionId: 78 }).kind).toBe('retry');
    expect(judge({ ...proven, pattern: 'NNpsk0' }).kind).toBe('retry');
    expect(judge({ ...proven, noise: Buffer.alloc(96, 8) }).kind).toBe('retry');
    expect(judge(proven, SOURCE, NOW, Buffer.alloc(32, 6)).kind).toBe('retry');
    for (let bit = 0; bit < 128; bit++) {
      const bent = Buffer.from(cookie);
      bent[bit >> 3]! ^= 1 << (bit & 7);
      expect(judge({ ...HELLO, cookie: bent }).kind).toBe('retry');
    }
  });

  it('needs no memory: the same arguments give the same verdict', () => {
    const first = judge(HELLO);
    for (let port = 1; port < 200; port++) judge(HELLO, { ...SOURCE, port });
    expect(judge(HELLO)).toEqual(first);
  });

  it('never answers with more bytes than came, whatever came', () => {
    const bytes = fc.uint8Array({ maxLength: 1400 }).map((each) => Buffer.from(each));
    const helloLike = fc
      .tuple(fc.integer({ min: 0, max: 1400 }), fc.nat(1200), fc.uint8Array({ maxLength: 30 }))
      .map(([size, length, head]) => {
        const datagram = Buffer.alloc(size);
        Buffer.from(head).copy(datagram);
        Buffer.from([0x12, 1 + (length % 2)]).copy(datagram);
        if (size >= 8) datagram.writeUInt16BE(length, 6);
        return datagram;
      });
    const whole = fc.uint8Array({ minLength: 48, maxLength: 1176 }).map((noise) => {
      return encodeHello({ ...HELLO, noise: Buffer.from(noise) });
    });
    let answers = 0;
    fc.assert(
      fc.property(fc.oneof(bytes, helloLike, whole), fc.nat(1e9), (datagram, nowMs) => {
        const verdict = judgeHello(datagram, SOURCE, { secret: SECRET, nowMs });
        expect(verdict.kind).not.toBe('proven');
        if (verdict.kind !== 'retry') return;
        answers++;
        expect(verdict.answer.length).toBeLessThanOrEqual(datagram.length);
        expect(decodeHello(datagram).connectionId).toBe(decodeRetry(verdict.answer).connectionId);
      }),
      { numRuns: 300 },
    );
    expect(answers).toBeGreaterThan(0);
  });
});
