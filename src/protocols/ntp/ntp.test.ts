import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { ClockFilter, type ClockSample, clockSample } from './offset.ts';
import { decodeNtp, encodeNtpRequest, judgeNtpAnswer } from './packet.ts';
import { NtpPolls } from './poll.ts';
import { ntpOfUtcMs } from './timestamp.ts';

const T1 = Date.UTC(2026, 0, 1);

interface Answer {
  head?: number;
  stratum?: number;
  id?: string;
  origin?: bigint;
  receiveMs?: number;
  transmitMs?: number;
  rootDelay?: number;
  rootDispersion?: number;
}

function answer(overrides: Answer = {}): Buffer {
  const { head = 0x24, stratum = 2, id = 'GPS\0', origin = ntpOfUtcMs(T1) } = overrides;
  const bytes = Buffer.alloc(48);
  bytes.set([head, stratum, 6, 0xec]);
  bytes.writeUInt32BE(overrides.rootDelay ?? 0x0000_8000, 4);
  bytes.writeUInt32BE(overrides.rootDispersion ?? 0x0000_4000, 8);
  bytes.write(id, 12, 'latin1');
  bytes.writeBigUInt64BE(origin, 24);
  bytes.writeBigUInt64BE(ntpOfUtcMs(overrides.receiveMs ?? T1 + 110), 32);
  bytes.writeBigUInt64BE(ntpOfUtcMs(overrides.transmitMs ?? T1 + 111), 40);
  return bytes;
}

const judge = (overrides: Answer = {}) => judgeNtpAnswer(decodeNtp(answer(overrides)), ntpOfUtcMs(T1));

describe('encodeNtpRequest', () => {
  it('is version 4 of a client, with the transmit time and nothing else', () => {
    expect(encodeNtpRequest(0x0102030405060708n).toString('hex')).toBe(`23${'00'.repeat(39)}0102030405060708`);
  });
});

describe('decodeNtp', () => {
  it('reads an answer', () => {
    expect(decodeNtp(answer())).toMatchObject({
      leap: 0,
      version: 4,
      mode: 4,
      stratum: 2,
      pollExponent: 6,
      precisionExponent: -20,
      rootDelayMs: 500,
      rootDispersionMs: 250,
      referenceId: Buffer.from('GPS\0'),
      originTime: ntpOfUtcMs(T1),
    });
  });

  it('refuses it cut anywhere, too long, or of another version', () => {
    for (let cut = 0; cut < 48; cut++) expect(() => decodeNtp(answer().subarray(0, cut))).toThrow(ProtocolViolation);
    expect(() => decodeNtp(Buffer.alloc(2000, 0x24))).toThrow(ProtocolViolation);
    expect(() => decodeNtp(answer({ head: 0x3c }))).toThrow(ProtocolViolation);
  });

  it('answers a packet and a verdict, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 68 }), (bytes) => {
        bytes[0] = (bytes[0]! & 0xc7) | 0x20;
        const packet = decodeNtp(Buffer.from(bytes));
        expect(judgeNtpAnswer(packet, packet.originTime ^ 1n).kind).toBe('refused');
        expect(judgeNtpAnswer(packet, packet.originTime).kind).toMatch(/good|kiss|refused/);
        const sample = clockSample(packet, { sentTime: 0n, receivedTime: 1n, receivedMs: 0, precisionMs: 0.001 });
        expect(Object.values(sample).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('judgeNtpAnswer', () => {
  it('takes a good answer', () => {
    expect(judge()).toEqual({ kind: 'good' });
  });

  it.each([
    ['a broadcast', { head: 0x25 }, 'no answer of a server'],
    ['an answer to another request', { origin: 1n }, 'another request'],
    ['stratum 16', { stratum: 16 }, 'not synchronised'],
    ['leap 3', { head: 0xe4 }, 'not synchronised'],
    ['an unknown kiss', { stratum: 0, id: 'X\r\n!' }, 'kiss code X'],
    ['a receive time after the transmit time', { receiveMs: T1 + 112 }, 'before it was asked'],
    ['a far reference', { rootDispersion: 0x0010_0000 }, 'too far'],
    ['no time', { receiveMs: -2_208_988_800_000 }, 'does not tell its time'],
  ])('refuses %s', (_, overrides, reason) => {
    expect(judge(overrides)).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) });
  });

  it.each([
    ['DENY', 'stop'],
    ['RSTR', 'stop'],
    ['RATE', 'slow'],
  ])('obeys %s', (code, demand) => {
    expect(judge({ stratum: 0, id: code })).toEqual({ kind: 'kiss', code, demand });
  });

  it('believes no kiss that does not answer our request', () => {
    expect(judge({ stratum: 0, id: 'DENY', origin: 5n })).toMatchObject({ kind: 'refused' });
  });
});

describe('clockSample', () => {
  it('finds offset and delay of an exchange', () => {
    const packet = decodeNtp(answer());
    const exchange = { sentTime: ntpOfUtcMs(T1), receivedTime: ntpOfUtcMs(T1 + 21), receivedMs: 5, precisionMs: 0.001 };
    const sample = clockSample(packet, exchange);
    expect(sample.offsetMs).toBeCloseTo(100, 5);
    expect(sample.delayMs).toBeCloseTo(20, 5);
    expect(sample.dispersionMs).toBeCloseTo(1000 / 2 ** 20 + 0.001 + 21 * 15e-6, 6);
    expect(sample.rootDistanceMs).toBe(500);
  });

  it('never has a negative delay', () => {
    const exchange = { sentTime: ntpOfUtcMs(T1), receivedTime: ntpOfUtcMs(T1 - 5), receivedMs: 5, precisionMs: 0.001 };
    expect(clockSample(decodeNtp(answer()), exchange).delayMs).toBe(0.001);
  });
});

const sampleAt = (takenMs: number, offsetMs: number, delayMs: number): ClockSample => ({
  offsetMs,
  delayMs,
  dispersionMs: 0.01,
  rootDistanceMs: 2,
  takenMs,
});

describe('ClockFilter', () => {
  it('takes the sample of least delay, and bounds its error', () => {
    const filter = new ClockFilter();
    expect(filter.estimate(0)).toBeUndefined();
    for (const [at, offset, delay] of [
      [0, 9, 40],
      [1000, 3, 4],
      [2000, 7, 30],
    ] as const) {
      filter.add(sampleAt(at, offset, delay));
    }
    const estimate = filter.estimate(2000)!;
    expect(estimate).toMatchObject({ offsetMs: 3, delayMs: 4, samples: 3, ageMs: 1000 });
    expect(estimate.errorBoundMs).toBeCloseTo(2 + 0.01 + 0.015 + 2, 9);
    expect(estimate.jitterMs).toBeCloseTo(Math.sqrt((36 + 16) / 2), 9);
  });

  it('keeps eight, and lets an old good one go when its error has grown', () => {
    const filter = new ClockFilter();
    filter.add(sampleAt(0, 1, 2));
    filter.add(sampleAt(1_000_000, 5, 20));
    expect(filter.estimate(1_000_000)?.offsetMs).toBe(5);
    for (let index = 0; index < 20; index++) filter.add(sampleAt(1_000_000, 6, 30));
    expect(filter.estimate(1_000_000)).toMatchObject({ samples: 8, offsetMs: 6, jitterMs: 0 });
    filter.clear();
    expect(filter.estimate(0)).toBeUndefined();
  });

  it('bounds the true offset for every split of the way', () => {
    const way = fc.double({ min: 0, max: 200, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(way, way), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: -1e6, max: 1e6 }),
        (ways, truth) => {
          const filter = new ClockFilter();
          for (const [there, back] of ways) {
            const receiveMs = T1 + there + truth;
            const packet = decodeNtp(answer({ receiveMs, transmitMs: receiveMs + 1, rootDelay: 0, rootDispersion: 0 }));
            const receivedTime = ntpOfUtcMs(T1 + there + 1 + back);
            filter.add(
              clockSample(packet, { sentTime: ntpOfUtcMs(T1), receivedTime, receivedMs: 0, precisionMs: 0.001 }),
            );
          }
          const { offsetMs, errorBoundMs } = filter.estimate(0)!;
          expect(Math.abs(offsetMs - truth)).toBeLessThanOrEqual(errorBoundMs);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('NtpPolls', () => {
  it('asks eight times in a burst, then every 64 s', () => {
    const polls = new NtpPolls();
    const waits = Array.from({ length: 10 }, () => {
      polls.answered();
      return polls.next(0.5);
    });
    expect(waits).toEqual([...new Array(7).fill(2000), 64_000, 64_000, 64_000]);
  });

  it('slows down on RATE and on silence, and stops on DENY', () => {
    const polls = new NtpPolls();
    polls.next(0.5);
    polls.kissed('slow');
    expect(polls.next(0.5)).toBe(128_000);
    for (let index = 0; index < 20; index++) polls.next(0.5);
    expect(polls.next(0.5)).toBe(1_024_000);
    polls.kissed('stop');
    expect(polls.next(0.5)).toBeUndefined();
    expect(polls.isOver).toBe(true);
  });
});
