import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import { RecordOpener, RecordSealer, SEALED_MARK } from './sealed-records.ts';

const KEY = Buffer.alloc(32, 7);
const pair = () => ({ sealer: new RecordSealer(KEY), opener: new RecordOpener(KEY) });

describe('sealed records', () => {
  it('are these bytes', () => {
    const { sealer } = pair();
    const first = sealer.seal(Buffer.from('hello'));
    expect(first.toString('hex')).toBe('d300155fe145600ff9c88dce927ce48a8aaf52d4d037b3d2');
    expect(sealer.seal(Buffer.from('hello')).equals(first)).toBe(false);
  });

  it('bring all bytes in order, also none and more than fit into one', () => {
    const { sealer, opener } = pair();
    for (const length of [0, 1, 16_384, 16_385, 65_536]) {
      const bytes = Buffer.alloc(length, length);
      expect(opener.push(sealer.seal(bytes)).equals(bytes)).toBe(true);
    }
  });

  it('are opened wherever the bytes are cut', () => {
    const sealer = new RecordSealer(KEY);
    const all = Buffer.concat([sealer.seal(Buffer.from('one')), sealer.seal(Buffer.from('and two'))]);
    for (let cut = 0; cut <= all.length; cut++) {
      const opener = new RecordOpener(KEY);
      const parts = [opener.push(all.subarray(0, cut)), opener.push(all.subarray(cut))];
      expect(Buffer.concat(parts).toString()).toBe('oneand two');
    }
  });

  it('are refused when a bit is changed, one is left out or comes again', () => {
    const sealer = new RecordSealer(KEY);
    const first = sealer.seal(Buffer.from('one'));
    const second = sealer.seal(Buffer.from('two'));
    for (let bit = 0; bit < first.length * 8; bit++) {
      const changed = Buffer.from(first);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const opener = new RecordOpener(KEY);
      const take = () => Buffer.concat([opener.push(changed), opener.push(Buffer.alloc(20_000))]);
      expect(take, `bit ${bit}`).toThrow(ProtocolViolation);
    }
    expect(() => new RecordOpener(KEY).push(second)).toThrow(ProtocolViolation);
    expect(() => new RecordOpener(KEY).push(Buffer.concat([first, first]))).toThrow(ProtocolViolation);
  });

  it('are refused when they are empty, except the first', () => {
    const { sealer, opener } = pair();
    opener.push(sealer.seal(Buffer.alloc(0)));
    expect(() => opener.push(sealer.seal(Buffer.alloc(0)))).toThrow(ProtocolViolation);
  });

  it('are refused before their bytes are collected when they are too long or of another kind', () => {
    for (const head of ['d3ffff', 'd3000f', 'd30000', '170010']) {
      expect(() => new RecordOpener(KEY).push(Buffer.from(head, 'hex'))).toThrow(ProtocolViolation);
    }
  });

  it('of random bytes are refused', () => {
    const someBytes = fc.uint8Array({ minLength: 19, maxLength: 200 });
    fc.assert(
      fc.property(someBytes, fc.boolean(), (bytes, isMarked) => {
        const input = Buffer.from(bytes);
        if (isMarked) input.set([SEALED_MARK, 0, 16]);
        const opener = new RecordOpener(KEY);
        const take = () => Buffer.concat([opener.push(input), opener.push(Buffer.alloc(20_000))]);
        expect(take).toThrow(ProtocolViolation);
      }),
      { numRuns: 200 },
    );
  });
});
