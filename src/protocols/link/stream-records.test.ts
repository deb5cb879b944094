import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import type { StationInfo } from '../../core/station.ts';
import { encodeRecord, MAX_RECORD_BYTES, RecordReader, type StreamRecord } from './stream-records.ts';

const audio = (text: string, ticks: number): StreamRecord => ({ type: 'audio', data: Buffer.from(text), ticks });

const GOLDEN: readonly (readonly [string, StreamRecord])[] = [
  [
    `01 14 0a ${Buffer.from('audio/mpeg').toString('hex')} 03 6d7033 8000ac44 02`,
    {
      type: 'format',
      contentType: 'audio/mpeg',
      codec: 'mp3',
      ticksPerSecond: 44_100,
      channels: 2,
      headers: Buffer.alloc(0),
    },
  ],
  ['02 03 4480 616263', audio('abc', 1152)],
  ['80 646566', audio('def', 1152)],
  ['03 07 02 6869 01 78 01 79', { type: 'title', title: 'hi', artist: 'x', url: 'y' }],
  ['04 02 02 15', { type: 'discontinuity', cause: 'line-loss', lostMs: 20 }],
  ['04 02 00 00', { type: 'discontinuity', cause: 'source-restart', lostMs: undefined }],
  ['05 01 01', { type: 'state', state: 'silent' }],
  ['06 02 4480', { type: 'time', utcUs: 1152 }],
  [
    '07 10 0123456789abcdef 80015f90 80f42400',
    { type: 'origin', epoch: '0123456789abcdef', originByte: 90_000, audioOffset: 16_000_000 },
  ],
  [
    '08 0f 02 6869 01 64 01 67 01 75 02 613d 4080 02',
    {
      type: 'station',
      station: {
        name: 'hi',
        description: 'd',
        genre: 'g',
        url: 'u',
        audioInfo: 'a=',
        bitrateKbps: 128,
        isPublic: true,
      },
    },
  ],
  ['08 07 00 00 00 00 00 00 00', { type: 'station', station: {} }],
  ['08 07 00 00 00 00 00 00 01', { type: 'station', station: { isPublic: false } }],
  ['80 676869', audio('ghi', 1152)],
];
const BYTES = Buffer.from(GOLDEN.map(([hex]) => hex.replaceAll(' ', '')).join(''), 'hex');
const RECORDS = GOLDEN.map(([, record]) => record);

function readAll(portions: readonly Buffer[]): StreamRecord[] {
  const reader = new RecordReader();
  return portions.flatMap((portion) => reader.push(portion));
}

describe('records of a channel', () => {
  it('are as written down', () => {
    const repeat = { bytes: 0, ticks: 0 };
    expect(Buffer.concat(RECORDS.map((record) => encodeRecord(record, repeat))).toString('hex')).toBe(
      BYTES.toString('hex'),
    );
  });

  it('come back from any portions', () => {
    for (const portions of portionings(BYTES)) expect(readAll(portions)).toEqual(RECORDS);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }), (sizes) => {
        expect(readAll(cut(BYTES, sizes))).toEqual(RECORDS);
      }),
      { numRuns: 50 },
    );
  });

  it('hold no more than the record that is not whole', () => {
    const reader = new RecordReader();
    reader.push(Buffer.from('0203448061', 'hex'));
    expect(reader.heldBytes).toBe(5);
    expect(reader.push(Buffer.from('6263', 'hex'))).toEqual([audio('abc', 1152)]);
    expect(reader.heldBytes).toBe(0);
  });

  it('are passed over when a later version made them', () => {
    const later = Buffer.from('0902abcd7f00', 'hex');
    const bytes = Buffer.concat([BYTES.subarray(0, 22), later, BYTES.subarray(22)]);
    for (const portions of portionings(bytes)) expect(readAll(portions)).toEqual(RECORDS);
  });

  it('bring any origin back', () => {
    const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
    const epoch = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(epoch, number, number, (run, originByte, audioOffset) => {
        const origin: StreamRecord = { type: 'origin', epoch: run, originByte, audioOffset };
        expect(readAll([encodeRecord(origin, { bytes: 0, ticks: 0 })])).toEqual([origin]);
      }),
      { numRuns: 100 },
    );
    const short: StreamRecord = { type: 'origin', epoch: 'abcd', originByte: 0, audioOffset: 0 };
    expect(() => encodeRecord(short, { bytes: 0, ticks: 0 })).toThrow(RangeError);
  });

  it('bring any station back, long texts cut at a character', () => {
    const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
    const station = fc.record(
      {
        ...{ name: text, description: text, genre: text, url: text, audioInfo: text },
        bitrateKbps: fc.integer({ min: 1, max: 1_000_000 }),
        isPublic: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const through = (told: StationInfo) =>
      readAll([encodeRecord({ type: 'station', station: told }, { bytes: 0, ticks: 0 })]);
    fc.assert(
      fc.property(station, (told) => {
        expect(through(told)).toEqual([{ type: 'station', station: told }]);
      }),
      { numRuns: 100 },
    );
    const long = '\u20ac'.repeat(3000);
    const all = { name: long, description: long, genre: long, url: long, audioInfo: long };
    expect(through({ ...all, bitrateKbps: Number.NaN })).toMatchObject([
      { station: { name: long.slice(0, 341), audioInfo: long.slice(0, 341) } },
    ]);
  });

  it('go on in the middle when the last length is known', () => {
    const reader = new RecordReader({ bytes: 3, ticks: 1152 });
    expect(reader.push(Buffer.from('80646566', 'hex'))).toEqual([audio('def', 1152)]);
  });

  it.each([
    ['an unknown type without a length', '81 00'],
    ['type 0', '00 00'],
    ['an unknown type above 1 MiB', '09 80200000 00'],
    ['an origin that is cut short', '07 09 0123456789abcdef 00'],
    ['a record above 1 MiB', '02 80200000 00'],
    ['a repeat of nothing', '80 00'],
    ['empty audio', '02 00 00'],
    ['a format without time', '01 04 00 00 00 00'],
    ['an unknown cause', '04 02 09 00'],
    ['an unknown state', '05 01 09'],
    ['a title longer than its record', '03 01 05'],
    ['a station that is cut short', '08 03 00 00 00'],
    ['a station with a text above 1,024 bytes', `08 4401 4401 ${'61'.repeat(1025)}`],
    ['a station of another kind', '08 07 00 00 00 00 00 00 03'],
    ['a station with an absurd bitrate', '08 0a 00 00 00 00 00 bfffffff 00'],
  ])('are refused: %s', (_, hex) => {
    expect(() => readAll([Buffer.from(hex.replaceAll(' ', ''), 'hex')])).toThrow(ProtocolViolation);
  });

  it('never hang or throw anything else for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readAll([Buffer.from(bytes)]);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are bounded when written, and cut long titles at a character', () => {
    const repeat = { bytes: 0, ticks: 0 };
    const data = Buffer.alloc(MAX_RECORD_BYTES + 1);
    expect(() => encodeRecord({ type: 'audio', data, ticks: 1 }, repeat)).toThrow(RangeError);
    const title = `x${'\u20ac'.repeat(3000)}`;
    const [read] = readAll([encodeRecord({ type: 'title', title, artist: '', url: '' }, repeat)]);
    expect(read).toMatchObject({ title: title.slice(0, 1 + 1365) });
  });
});
