import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasFreeFormat } from './free-format.ts';
import { layer3OverheadBytes, parseMp3Header } from './mp3-header.ts';

const parse = (hex: string) => parseMp3Header(Buffer.from(hex, 'hex'), 0);

describe('parseMp3Header', () => {
  it.each([
    [
      'fffb9064',
      { version: 1, layer: 3, bitrateKbps: 128, sampleRate: 44100, channels: 2, frameBytes: 417, samples: 1152 },
    ],
    ['fffb9264', { bitrateKbps: 128, frameBytes: 418 }],
    ['fffb9464', { sampleRate: 48000, frameBytes: 384, hasCrc: false }],
    ['fffa9464', { sampleRate: 48000, frameBytes: 384, hasCrc: true }],
    ['fffbe0c4', { bitrateKbps: 320, channels: 1, frameBytes: 1044 }],
    [
      'fff340c4',
      { version: 2, layer: 3, bitrateKbps: 32, sampleRate: 22050, channels: 1, frameBytes: 104, samples: 576 },
    ],
    ['ffe318c4', { version: 2.5, layer: 3, bitrateKbps: 8, sampleRate: 8000, frameBytes: 72, samples: 576 }],
    ['fffd8004', { version: 1, layer: 2, bitrateKbps: 128, frameBytes: 417, samples: 1152 }],
    ['fffdec04', undefined],
    ['fff58404', { version: 2, layer: 2, bitrateKbps: 64, sampleRate: 24000, frameBytes: 384, samples: 1152 }],
    ['ffff9804', { version: 1, layer: 1, bitrateKbps: 288, sampleRate: 32000, frameBytes: 432, samples: 384 }],
    ['fffb0064', { bitrateKbps: 0, frameBytes: 0 }],
    ['fffbf064', undefined], // bitrate index 15
    ['fffb9c64', undefined], // sample rate index 3
    ['ffeb9064', undefined], // version 1 is reserved
    ['fff99064', undefined], // layer 0: ADTS
    ['fffb9066', undefined], // emphasis 2 is reserved
    ['ffdb9064', undefined],
    ['fffb90', undefined],
  ])('%s', (hex, expected) => {
    if (expected) expect(parse(hex)).toMatchObject(expected);
    else expect(parse(hex)).toBeUndefined();
  });

  it('knows the side information of layer III', () => {
    expect(
      ['fffb9064', 'fffa9064', 'fffb90c4', 'fff34004', 'fff340c4'].map((hex) => layer3OverheadBytes(parse(hex)!)),
    ).toEqual([36, 38, 21, 21, 13]);
  });

  it('answers any bytes with a frame that moves on, free format, or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.nat(8), (bytes, offset) => {
        const header = parseMp3Header(Buffer.from([...bytes, 0xff, 0xfb]), offset);
        expect(header === undefined || header.frameBytes >= 24 || header.bitrateKbps === 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('hasFreeFormat', () => {
  const frames = (...sizes: number[]) =>
    Buffer.concat(sizes.map((size) => Buffer.concat([Buffer.from('fffb0064', 'hex'), Buffer.alloc(size - 4, 0x55)])));

  it('finds three frames at equal distances, one byte of padding allowed', () => {
    expect(hasFreeFormat(frames(1200, 1200, 1201))).toBe(true);
    expect(hasFreeFormat(Buffer.concat([Buffer.alloc(77, 1), frames(500, 501, 500, 501)]))).toBe(true);
  });

  it('takes nothing else for it', () => {
    expect(hasFreeFormat(frames(1200, 700, 300))).toBe(false);
    expect(hasFreeFormat(frames(1200, 1200))).toBe(false);
    expect(hasFreeFormat(frames(...Array(50).fill(16)))).toBe(false);
    expect(hasFreeFormat(Buffer.alloc(8192, 0xff))).toBe(false);
    expect(hasFreeFormat(Buffer.alloc(0))).toBe(false);
  });
});
