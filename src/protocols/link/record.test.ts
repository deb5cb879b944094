import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aeadKey, nonceOfNumber, rekeyed, seal } from '../noise/chacha20-poly1305.ts';
import { encodeRecordHeader, MAX_RECORD_BYTES, MAX_RECORD_NUMBER, RECORD_OVERHEAD_BYTES } from './record-header.ts';
import { RecordOpener } from './record-opener.ts';
import { REPLAY_WINDOW_RECORDS } from './record-replay.ts';
import { REKEY_AFTER_MS, RecordSealer, type RecordSealerOptions } from './record-sealer.ts';

const RAW_KEY = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
const KEY = aeadKey(RAW_KEY);
const ID = 0xa1b2c3d4;
const NOW = 5_000;

const sealerOf = (options: Partial<RecordSealerOptions> = {}) =>
  new RecordSealer({ key: KEY, connectionId: ID, nowMs: NOW, ...options });
const openerOf = (firstNumber = 0) => new RecordOpener({ key: KEY, connectionId: ID, firstNumber });
const text = (value: string) => Buffer.from(value);
const sealMany = (sealer: RecordSealer, count: number, nowMs = NOW) =>
  Array.from({ length: count }, () => sealer.seal(text(`record ${sealer.nextNumber}`), nowMs));

/** A record as a sender at `number` would make it. */
function recordAt(number: number, payload = text('x'), key = KEY, keyPhase: 0 | 1 = 0): Buffer {
  const header = encodeRecordHeader(keyPhase, ID, number);
  return Buffer.concat([header, seal(key, nonceOfNumber(number), header, payload)]);
}

describe('a record', () => {
  it('stays as it is on the wire', () => {
    const record = sealerOf().seal(text('audio'), NOW);
    expect(record.toString('hex')).toBe('10a1b2c3d40000000079cd2658c224bb526eb97100f9567aacd6babb52fc');
    expect(record).toHaveLength(text('audio').length + RECORD_OVERHEAD_BYTES);
    expect(record).toEqual(recordAt(0, text('audio')));
  });

  it('comes back once, in any order', () => {
    const records = sealMany(sealerOf(), 20);
    const opener = openerOf();
    for (const at of [3, 0, 19, 7, 8, 1]) {
      expect(opener.open(records[at]!, NOW)).toEqual({ number: at, payload: text(`record ${at}`) });
      expect(opener.open(records[at]!, NOW)).toBe('duplicate');
    }
    expect(opener.highestNumber).toBe(19);
  });

  it('may be empty or as long as a frame, and no longer', () => {
    const sealer = sealerOf();
    const opener = openerOf();
    for (const length of [0, MAX_RECORD_BYTES - RECORD_OVERHEAD_BYTES]) {
      const opened = opener.open(sealer.seal(Buffer.alloc(length, 3), NOW), NOW);
      expect(opened).toMatchObject({ payload: Buffer.alloc(length, 3) });
    }
    expect(() => sealer.seal(Buffer.alloc(MAX_RECORD_BYTES - RECORD_OVERHEAD_BYTES + 1), NOW)).toThrow(RangeError);
  });

  it('is refused with any bit changed or any byte missing, and taken afterwards', () => {
    const record = sealerOf().seal(text('audio'), NOW);
    const opener = openerOf();
    for (let bit = 0; bit < record.length * 8; bit++) {
      const bent = Buffer.from(record);
      bent[bit >> 3]! ^= 1 << (bit & 7);
      expect(['forged', 'malformed', 'future']).toContain(opener.open(bent, NOW));
    }
    for (let length = 0; length < record.length; length++) {
      expect(typeof opener.open(record.subarray(0, length), NOW)).toBe('string');
    }
    expect(opener.highestNumber).toBe(-1);
    expect(opener.open(record, NOW)).toMatchObject({ number: 0 });
  });

  it('is refused for another connection or another key', () => {
    const record = sealerOf({ connectionId: ID + 1 }).seal(text('x'), NOW);
    expect(openerOf().open(record, NOW)).toBe('malformed');
    expect(openerOf().open(recordAt(0, text('x'), rekeyed(KEY)), NOW)).toBe('forged');
  });

  it('is never made of random bytes, and nothing throws', () => {
    const opener = openerOf();
    const first = fc.constantFrom(0x10, 0x11, 0x12, 0x20, 0);
    fc.assert(
      fc.property(first, fc.uint8Array({ maxLength: 120 }), fc.boolean(), (byte, rest, ours) => {
        const bytes = Buffer.from([byte, ...rest]);
        if (ours && bytes.length > 5) bytes.writeUInt32BE(ID, 1);
        expect(typeof opener.open(bytes, NOW)).toBe('string');
      }),
      { numRuns: 300 },
    );
    expect(opener.highestNumber).toBe(-1);
  });
});

describe('the numbers of records', () => {
  it('are told old when they left the window', () => {
    const opener = openerOf();
    opener.open(recordAt(REPLAY_WINDOW_RECORDS), NOW);
    expect(opener.open(recordAt(0), NOW)).toBe('old');
    expect(opener.open(recordAt(1), NOW)).toMatchObject({ number: 1 });
  });

  it('are refused 2^31 and more ahead of the highest', () => {
    for (const [start, taken] of [
      [0, 7],
      [2 ** 33, 2 ** 33 + 7],
    ] as const) {
      const opener = openerOf(start);
      opener.open(recordAt(taken), NOW);
      expect(opener.open(recordAt(taken + 2 ** 31), NOW)).toBe('future');
      expect(['future', 'old', 'forged']).toContain(opener.open(recordAt(taken + 2 ** 31 + 2), NOW));
      expect(['duplicate', 'forged']).toContain(opener.open(recordAt(taken + 2 ** 32), NOW));
      expect(opener.highestNumber).toBe(taken);
      expect(opener.open(recordAt(taken + 2 ** 31 - 1), NOW)).toMatchObject({ number: taken + 2 ** 31 - 1 });
    }
  });

  it('go on where the 32 bits on the wire wrap, in any order', () => {
    const start = 2 ** 32 - 3;
    const records = sealMany(sealerOf({ firstNumber: start }), 6);
    const opener = openerOf(start);
    for (const at of [4, 1, 0, 5, 3, 2]) {
      expect(opener.open(records[at]!, NOW)).toMatchObject({ number: start + at });
      expect(opener.open(records[at]!, NOW)).toBe('duplicate');
    }
  });

  it('come to an end with an error instead of a nonce used again', () => {
    const sealer = sealerOf({ firstNumber: MAX_RECORD_NUMBER });
    expect(openerOf(MAX_RECORD_NUMBER).open(sealer.seal(text('last'), NOW), NOW)).toMatchObject({
      number: MAX_RECORD_NUMBER,
    });
    expect(() => sealer.seal(text('one more'), NOW)).toThrow(RangeError);
  });
});

describe('the change of keys', () => {
  const LATER = NOW + REKEY_AFTER_MS;

  it('comes after an hour, once the current key is confirmed', () => {
    const sealer = sealerOf();
    sealer.seal(text('a'), NOW);
    sealer.seal(text('b'), LATER);
    expect(sealer.rekeys).toBe(0);
    sealer.acknowledge(7);
    sealer.seal(text('an acknowledgement of what was never sent'), LATER);
    expect(sealer.rekeys).toBe(0);
    sealer.acknowledge(1);
    const record = sealer.seal(text('d'), LATER);
    expect(sealer.rekeys).toBe(1);
    expect(record).toEqual(recordAt(3, text('d'), rekeyed(KEY), 1));
    sealer.acknowledge(2);
    sealer.seal(text('e'), LATER + REKEY_AFTER_MS);
    expect(sealer.rekeys).toBe(1);
  });

  it('comes after so many records', () => {
    const sealer = sealerOf({ rekeyAfterRecords: 3 });
    const opener = openerOf();
    for (let number = 0; number < 12; number++) {
      const opened = opener.open(sealer.seal(text('x'), NOW), NOW);
      expect(opened).toMatchObject({ number });
      sealer.acknowledge(number);
    }
    expect(sealer.rekeys).toBe(3);
  });

  it('lets overtaken records of the old key in, for a time', () => {
    const sealer = sealerOf({ rekeyAfterRecords: 4 });
    const old = sealMany(sealer, 4);
    sealer.acknowledge(0);
    const recent = sealMany(sealer, 3);
    const opener = openerOf();
    opener.open(old[0]!, NOW);
    expect(opener.open(recent[2]!, NOW)).toMatchObject({ number: 6 });
    expect(opener.open(recent[0]!, NOW)).toMatchObject({ number: 4 });
    expect(opener.open(old[1]!, NOW + 59_999)).toMatchObject({ number: 1 });
    expect(opener.open(old[1]!, NOW + 59_999)).toBe('duplicate');
    expect(opener.open(old[2]!, NOW + 60_000)).toBe('old');
    expect(opener.open(recent[1]!, NOW + 60_000)).toMatchObject({ number: 5 });
  });

  it('cannot be brought about by forged bytes', () => {
    const opener = openerOf();
    opener.open(recordAt(0), NOW);
    for (let number = 1; number < 20; number++) {
      const forged = recordAt(number);
      forged[0]! ^= 1;
      expect(opener.open(forged, NOW)).toBe('forged');
    }
    expect(opener.open(recordAt(1), NOW)).toMatchObject({ number: 1 });
  });
});

describe('any traffic', () => {
  const step = fc.record({
    action: fc.constantFrom('send', 'send', 'send', 'deliver', 'deliver', 'again', 'bend', 'lose', 'acknowledge'),
    pick: fc.nat(),
    waitMs: fc.constantFrom(0, 0, 1, 500, 2_000),
  });

  it('opens each nonce of a key once, and what comes is what was sent', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.constantFrom(0, 2 ** 32 - 20), (steps, firstNumber) => {
        const sealer = sealerOf({ rekeyAfterRecords: 5, rekeyAfterMs: 3_000, firstNumber });
        const opener = openerOf(firstNumber);
        const sent: Buffer[] = [];
        const underway: number[] = [];
        const opened = new Set<number>();
        const nonces = new Set<string>();
        let nowMs = NOW;
        const deliver = (record: Buffer) => {
          const result = opener.open(record, nowMs);
          if (typeof result === 'string') return result;
          expect(opened.has(result.number)).toBe(false);
          opened.add(result.number);
          expect(result.payload.toString()).toBe(`record ${result.number}`);
          return 'opened';
        };
        for (const { action, pick, waitMs } of steps) {
          nowMs += waitMs;
          if (action === 'send') {
            const number = sealer.nextNumber;
            sent.push(sealer.seal(text(`record ${number}`), nowMs));
            underway.push(sent.length - 1);
            nonces.add(`${sealer.rekeys} ${number}`);
          } else if (action === 'acknowledge' && opener.highestNumber >= 0) {
            sealer.acknowledge(opener.highestNumber);
          } else if (sent.length > 0 && action === 'again') {
            deliver(sent[pick % sent.length]!);
          } else if (sent.length > 0 && action === 'bend') {
            const bent = Buffer.from(sent[pick % sent.length]!);
            bent[pick % bent.length]! ^= 1 << (pick % 8);
            expect(deliver(bent)).not.toBe('opened');
          } else if (underway.length > 0 && (action === 'deliver' || action === 'lose')) {
            const [at] = underway.splice(pick % underway.length, 1);
            if (action === 'deliver') deliver(sent[at!]!);
          }
        }
        expect(nonces.size).toBe(sent.length);
        // Whatever happened before, the next record comes through.
        expect(deliver(sealer.seal(text(`record ${sealer.nextNumber}`), nowMs))).toBe('opened');
      }),
      { numRuns: 300 },
    );
  });
});
