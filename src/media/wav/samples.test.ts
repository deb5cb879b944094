import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertSamples, isExact } from './convert.ts';
import { copySwapped, fillSilence, swapSamples } from './samples.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('swapSamples', () => {
  it('turns samples of 2 and 3 bytes round, in place', () => {
    const short = hex('0102 0304 ff00');
    swapSamples(short, 2);
    expect(short).toEqual(hex('0201 0403 00ff'));
    const long = hex('010203 040506');
    swapSamples(long, 3);
    expect(long).toEqual(hex('030201 060504'));
    expect(() => swapSamples(hex('01020304'), 3)).toThrow(RangeError);
  });

  it('is its own inverse, at any offset of memory', () => {
    const samples = fc.tuple(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat({ max: 3 }),
      fc.constantFrom(2 as const, 3 as const),
    );
    fc.assert(
      fc.property(samples, ([bytes, offset, sampleBytes]) => {
        const memory = Buffer.concat([Buffer.alloc(offset), bytes]);
        const part = memory.subarray(offset, offset + bytes.length - (bytes.length % sampleBytes));
        const before = Buffer.from(part);
        swapSamples(part, sampleBytes);
        for (let at = 0; at < part.length; at += sampleBytes) {
          expect(part.readIntBE(at, sampleBytes)).toBe(before.readIntLE(at, sampleBytes));
        }
        swapSamples(part, sampleBytes);
        expect(part).toEqual(before);
      }),
      { numRuns: 100 },
    );
  });
});

describe('copySwapped', () => {
  it('puts tracks into a flow of several channels, and takes them out again', () => {
    const mono = hex('0100 0200 0300');
    const stereo = hex('1100 2100 1200 2200 1300 2300');
    const flow = Buffer.alloc(18, 0xee);
    const shape = { frames: 3, sampleBytes: 2 } as const;
    copySwapped(
      { samples: stereo, channels: 2, channel: 0 },
      { samples: flow, channels: 3, channel: 0 },
      { ...shape, channels: 2 },
    );
    copySwapped(
      { samples: mono, channels: 1, channel: 0 },
      { samples: flow, channels: 3, channel: 2 },
      { ...shape, channels: 1 },
    );
    expect(flow).toEqual(hex('0011 0021 0001  0012 0022 0002  0013 0023 0003'));
    const back = Buffer.alloc(12);
    copySwapped(
      { samples: flow, channels: 3, channel: 0 },
      { samples: back, channels: 2, channel: 0 },
      { ...shape, channels: 2 },
    );
    expect(back).toEqual(stereo);
    const right = Buffer.alloc(6);
    copySwapped(
      { samples: flow, channels: 3, channel: 1 },
      { samples: right, channels: 1, channel: 0 },
      { ...shape, channels: 1 },
    );
    expect(right).toEqual(hex('2100 2200 2300'));
  });

  it('copies 24 bit, and refuses what is not there', () => {
    const source = { samples: hex('010203 040506'), channels: 1, channel: 0 };
    const target = { samples: Buffer.alloc(6), channels: 1, channel: 0 };
    copySwapped(source, target, { frames: 2, channels: 1, sampleBytes: 3 });
    expect(target.samples).toEqual(hex('030201 060504'));
    expect(() => copySwapped(source, target, { frames: 3, channels: 1, sampleBytes: 3 })).toThrow(RangeError);
    expect(() => copySwapped(source, target, { frames: 1, channels: 2, sampleBytes: 3 })).toThrow(RangeError);
  });

  it('knows silence', () => {
    const samples = hex('ffee');
    fillSilence(samples);
    expect(samples).toEqual(hex('0000'));
  });
});

describe('convertSamples', () => {
  const convert = (source: Buffer, bitsPerSample: 16 | 24 | 32, isFloat: boolean, sampleBytes: 2 | 3) => {
    const target = Buffer.alloc((source.length / (bitsPerSample / 8)) * sampleBytes, 0xee);
    const altered = convertSamples(source, { bitsPerSample, isFloat }, target, sampleBytes);
    return { target, altered };
  };

  it('widens 16 bit exactly', () => {
    expect(convert(hex('0102 ff80'), 16, false, 3)).toEqual({ target: hex('000102 00ff80'), altered: 0 });
    expect(isExact({ bitsPerSample: 16, isFloat: false }, 3)).toBe(true);
    expect(isExact({ bitsPerSample: 24, isFloat: false }, 2)).toBe(false);
  });

  it('keeps the highest bits of wider integers and counts what lost some', () => {
    expect(convert(hex('00010203 01020304'), 32, false, 3)).toEqual({ target: hex('010203 020304'), altered: 1 });
    expect(convert(hex('000102 010203'), 24, false, 2)).toEqual({ target: hex('0102 0203'), altered: 1 });
    expect(convert(hex('00000102'), 32, false, 2)).toEqual({ target: hex('0102'), altered: 0 });
  });

  it('rounds and limits floats, and makes NaN silence', () => {
    const values = [0, 0.5, -1, 1, 3.5, -7, Number.NaN, Infinity, 2 ** -23, 2 ** -25];
    const source = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) source.writeFloatLE(value, index * 4);
    const { target, altered } = convert(source, 32, true, 3);
    const read = values.map((_, index) => target.readIntLE(index * 3, 3));
    expect(read).toEqual([0, 2 ** 22, -(2 ** 23), 2 ** 23 - 1, 2 ** 23 - 1, -(2 ** 23), 0, 2 ** 23 - 1, 1, 0]);
    expect(altered).toBe(6);
    expect(convert(source, 32, true, 2).target.readInt16LE(2)).toBe(2 ** 14);
  });

  it('refuses halves of samples and too little room', () => {
    const kind = { bitsPerSample: 24, isFloat: false } as const;
    expect(() => convertSamples(Buffer.alloc(4), kind, Buffer.alloc(9), 3)).toThrow(RangeError);
    expect(() => convertSamples(Buffer.alloc(6), kind, Buffer.alloc(3), 2)).toThrow(RangeError);
  });
});
