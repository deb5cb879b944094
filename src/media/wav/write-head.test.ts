import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf } from '../../../test/support/wav-heads.ts';
import { timeReferenceOf } from './bext-chunk.ts';
import type { PcmFormat } from './pcm-format.ts';
import { padBytes, WavHeadWriter } from './write-head.ts';

const BEXT = {
  description: 'drums of take 1',
  originator: 'distream',
  originatorReference: 'take-1',
  startUtcMs: Date.UTC(2026, 10, 21, 9, 30, 15, 250),
  timeReference: timeReferenceOf(Date.UTC(2026, 10, 21, 9, 30, 15, 250), 48_000),
  codingHistory: ['A=PCM,F=48000,W=24,M=mono,T=distream'],
};
const format = (channels: number, bitsPerSample: 16 | 24 | 32, sampleRate = 48_000): PcmFormat => ({
  sampleRate,
  channels,
  bitsPerSample,
  isFloat: false,
});

/** The file as it is after a checkpoint; its audio is not there, only its size is. */
function headAt(writer: WavHeadWriter, dataBytes: number) {
  const head = Buffer.from(writer.head);
  for (const { offset, bytes } of writer.sizesAt(dataBytes)) bytes.copy(head, offset);
  return { head, parsed: headOf(head, head.length + dataBytes + padBytes(dataBytes)) };
}

describe('WavHeadWriter', () => {
  it('writes a plain format of 16 bit and two channels, byte for byte', () => {
    const { head } = new WavHeadWriter({ format: format(2, 16), bext: { ...BEXT, codingHistory: [] } });
    expect(head.length).toBe(12 + 36 + 8 + 602 + 24 + 8);
    expect(head.subarray(0, 20).toString('latin1')).toBe('RIFF\xaa\x02\0\0WAVEJUNK\x1c\0\0\0');
    expect(head.subarray(48, 56).toString('latin1')).toBe('bext\x5a\x02\0\0');
    expect(head.subarray(56, 71).toString('latin1')).toBe('drums of take 1');
    expect(head.subarray(56 + 320, 56 + 338).toString('latin1')).toBe('2026-11-2109:30:15');
    expect(head.readBigUInt64LE(56 + 338)).toBe(BigInt(((9 * 60 + 30) * 60 + 15) * 48_000 + 12_000));
    expect(head.readUInt16LE(56 + 346)).toBe(1);
    expect(head.subarray(658).toString('hex')).toBe(
      '666d7420100000000100020080bb000000ee02000400100064617461' + '00000000',
    );
  });

  it('uses the extensible format for more bits or more channels', () => {
    const deep = new WavHeadWriter({ format: format(1, 24), bext: BEXT }).head;
    const fmtAt = deep.indexOf('fmt ');
    expect(deep.subarray(fmtAt, fmtAt + 48).toString('hex')).toBe(
      '666d742028000000feff010080bb000080320200030018001600180004000000' + '0100000000001000800000aa00389b71',
    );
    const wide = new WavHeadWriter({ format: format(8, 16), bext: BEXT }).head;
    const wideAt = wide.indexOf('fmt ');
    expect(wide.readUInt16LE(wideAt + 8)).toBe(0xfffe);
    expect(wide.readUInt32LE(wideAt + 28)).toBe(0);
  });

  it('is read again as it was written', () => {
    const formats = fc.tuple(fc.integer({ min: 1, max: 64 }), fc.constantFrom(16 as const, 24 as const, 32 as const));
    fc.assert(
      fc.property(formats, fc.nat({ max: 100_000 }), fc.nat(), fc.string(), ([channels, bits], frames, time, text) => {
        const pcm = format(channels, bits, 44_100);
        const trackNames = Array.from({ length: channels }, (_, index) => `${text}${index}`);
        const bext = { ...BEXT, description: text, timeReference: time * 2 ** 20 };
        const writer = new WavHeadWriter({ format: pcm, bext, trackNames });
        const { parsed } = headAt(writer, frames * channels * (bits / 8));
        expect(parsed).toMatchObject({ format: pcm, frames, dataStart: writer.dataStart, hasIxml: true });
        expect(parsed.bext).toMatchObject({ timeReference: time * 2 ** 20, codingHistory: BEXT.codingHistory[0] });
        expect(parsed.warnings).toEqual(frames === 0 ? ['there is no audio in the file'] : []);
      }),
      { numRuns: 100 },
    );
  });

  it('becomes RF64 where 32 bits no longer hold the size, and tells 64 bits', () => {
    const writer = new WavHeadWriter({ format: format(1, 24), bext: BEXT });
    const last = 0xfffffffe - (writer.dataStart - 8);
    const frames = Math.floor(last / 3);
    const before = headAt(writer, frames * 3 - ((frames * 3) % 2 ? 3 : 0));
    expect(before.parsed).toMatchObject({ container: 'RIFF', warnings: [] });
    const after = headAt(writer, (frames + 2) * 3);
    expect(after.parsed).toMatchObject({ container: 'RF64', frames: frames + 2, warnings: [] });
    const day = headAt(writer, 86_400 * 48_000 * 3);
    expect(day.parsed).toMatchObject({ container: 'RF64', frames: 86_400 * 48_000, warnings: [] });
    expect(day.head.readBigUInt64LE(36)).toBe(86_400n * 48_000n);
    expect(day.head.length).toBe(writer.head.length);
  });

  it('leaves a file that is valid between the two writes of the crossing', () => {
    const writer = new WavHeadWriter({ format: format(1, 24), bext: BEXT });
    const held = 3_000_000_000;
    const grown = 6_000_000_000;
    const head = headAt(writer, held).head;
    const [first] = writer.sizesAt(grown);
    first!.bytes.copy(head, first!.offset);
    const parsed = headOf(head, head.length + grown);
    expect(parsed).toMatchObject({ container: 'RF64', dataBytes: held });
  });

  it('changes its description in place and cuts what is too long between characters', () => {
    const writer = new WavHeadWriter({ format: format(1, 16), bext: BEXT });
    const patch = writer.descriptionPatch('ä'.repeat(200));
    patch.bytes.copy(writer.head, patch.offset);
    expect(headOf(writer.head).bext).toMatchObject({ description: 'ä'.repeat(128), originator: 'distream' });
    const odd = writer.descriptionPatch(`a${'ä'.repeat(200)}`);
    expect(odd.bytes.length).toBe(256);
    expect(odd.bytes[255]).toBe(0);
  });

  it('names tracks in XML that stays XML', () => {
    const writer = new WavHeadWriter({ format: format(1, 24), bext: BEXT, trackNames: ['<Kick & "Snare">\u0007'] });
    const text = writer.head.toString('utf8');
    expect(text).toContain('<NAME>&lt;Kick &amp; "Snare"&gt;</NAME>');
    expect(text).toContain(`_LO>${BEXT.timeReference}</TIME`);
  });

  it('writes no float', () => {
    expect(() => new WavHeadWriter({ format: { ...format(1, 32), isFloat: true }, bext: BEXT })).toThrow(RangeError);
  });
});

describe('timeReferenceOf', () => {
  it('counts from midnight UTC to the nearest sample frame, before 1970 too', () => {
    expect(timeReferenceOf(Date.UTC(2026, 0, 1), 48_000)).toBe(0);
    expect(timeReferenceOf(Date.UTC(2026, 0, 1, 23, 59, 59, 999), 192_000)).toBe(86_400 * 192_000 - 192);
    expect(timeReferenceOf(Date.UTC(2026, 0, 1) + 0.01, 48_000)).toBe(0);
    expect(timeReferenceOf(-1000, 48_000)).toBe(86_399 * 48_000);
  });
});
