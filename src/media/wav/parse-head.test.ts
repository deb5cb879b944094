import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, portionings } from '../../../test/support/portions.ts';
import { headOf, plainFmt, wavChunk, wavFile } from '../../../test/support/wav-heads.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { WavHeadParser } from './parse-head.ts';
import { WavHeadWriter } from './write-head.ts';

const STEREO_16 = { sampleRate: 48_000, channels: 2, bitsPerSample: 16, isFloat: false } as const;
const fmt = (options?: Parameters<typeof plainFmt>[0]) => wavChunk('fmt ', plainFmt(options));
const GUID_TAIL = '000000001000800000aa00389b71';

/** A file whose bytes were written by hand: 44.1 kHz, mono, 16 bit, two sample frames. */
const GOLDEN = Buffer.from(
  '524946462800000057415645666d74201000000001000100' +
    '44ac0000' +
    '88580100' +
    '02001000' +
    '6461746104000000' +
    '01020304',
  'hex',
);

function extensible(options: { tag?: number; channels: number; bits: number; valid: number; tail?: string }): Buffer {
  const body = Buffer.concat([
    plainFmt({ tag: 0xfffe, channels: options.channels, bits: options.bits }),
    Buffer.alloc(24),
  ]);
  body.writeUInt16LE(22, 16);
  body.writeUInt16LE(options.valid, 18);
  body.writeUInt16LE(options.tag ?? 1, 24);
  body.write(options.tail ?? GUID_TAIL, 26, 'hex');
  return wavChunk('fmt ', body);
}

describe('WavHeadParser', () => {
  it('reads the smallest file', () => {
    expect(headOf(GOLDEN)).toEqual({
      container: 'RIFF',
      format: { sampleRate: 44_100, channels: 1, bitsPerSample: 16, isFloat: false },
      validBits: 16,
      dataStart: 44,
      dataBytes: 4,
      frames: 2,
      bext: undefined,
      hasIxml: false,
      warnings: [],
    });
  });

  it('passes over chunks that it does not know, with their pad bytes, and keeps bext', () => {
    const bext = Buffer.alloc(602);
    bext.write('Studio A\u001b[31m\0left over', 0, 'latin1');
    bext.write('2026-11-21', 320);
    bext.writeUInt32LE(5, 338);
    bext.writeUInt32LE(1, 342);
    const file = wavFile([
      wavChunk('LIST', Buffer.alloc(7)),
      wavChunk('bext', bext),
      wavChunk('iXML', Buffer.from('<BWFXML/>')),
      wavChunk('JUNK', Buffer.alloc(0)),
      fmt(),
      wavChunk('data', Buffer.alloc(8)),
      wavChunk('LIST', Buffer.alloc(4)),
    ]);
    const head = headOf(file);
    expect(head).toMatchObject({ frames: 2, hasIxml: true, warnings: [] });
    expect(head.bext).toMatchObject({
      description: 'Studio A [31m',
      originationDate: '2026-11-21',
      timeReference: 2 ** 32 + 5,
    });
  });

  it('reads extensible formats, and how many bits carry sound', () => {
    const file = wavFile([extensible({ channels: 6, bits: 24, valid: 20 }), wavChunk('data', Buffer.alloc(36))]);
    expect(headOf(file)).toMatchObject({
      format: { channels: 6, bitsPerSample: 24, isFloat: false },
      validBits: 20,
      frames: 2,
    });
    const float = wavFile([
      extensible({ tag: 3, channels: 1, bits: 32, valid: 32 }),
      wavChunk('data', Buffer.alloc(8)),
    ]);
    expect(headOf(float).format).toMatchObject({ bitsPerSample: 32, isFloat: true });
  });

  it('reads 20 bit in 3 bytes and float of the plain form', () => {
    const twenty = headOf(wavFile([fmt({ bits: 20 }), wavChunk('data', Buffer.alloc(6))]));
    expect(twenty).toMatchObject({ format: { bitsPerSample: 24 }, validBits: 20 });
    const float = headOf(wavFile([fmt({ tag: 3, bits: 32 }), wavChunk('data', Buffer.alloc(8))]));
    expect(float.format).toMatchObject({ bitsPerSample: 32, isFloat: true });
  });

  it.each(['RF64', 'BW64'])('takes the size of %s from ds64', (id) => {
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(6_000_000_060n, 0);
    ds64.writeBigUInt64LE(6_000_000_000n, 8);
    ds64.writeUInt32LE(0xffffffff, 24);
    const start = wavFile([wavChunk('ds64', ds64), fmt(), wavChunk('data', Buffer.alloc(0), 0xffffffff)], {
      id,
      size: 0xffffffff,
    });
    const head = headOf(start, 6_000_001_000);
    expect(head).toMatchObject({ container: id, dataBytes: 6_000_000_000, frames: 1_500_000_000, warnings: [] });
    // The file was cut short.
    expect(headOf(start, start.length + 400)).toMatchObject({
      dataBytes: 400,
      warnings: [expect.stringContaining('cut short')],
    });
  });

  it('counts the file where RF64 has no ds64, or an absurd one', () => {
    for (const ds64 of [[], [wavChunk('ds64', Buffer.alloc(10))], [wavChunk('ds64', Buffer.alloc(28, 0xff))]]) {
      const file = wavFile([...ds64, fmt(), wavChunk('data', Buffer.alloc(40), 0xffffffff)], { id: 'RF64' });
      const head = headOf(file);
      expect(head.dataBytes).toBe(40);
      expect(head.warnings.length).toBeGreaterThan(0);
    }
  });

  it('feeds in any portions, and skips what a reader can seek over', () => {
    const file = wavFile([wavChunk('bext', Buffer.alloc(603)), fmt(), wavChunk('data', Buffer.alloc(8))]);
    const expected = headOf(file);
    for (const portions of portionings(file)) {
      const parser = new WavHeadParser({ fileBytes: file.length });
      for (const portion of portions) parser.push(portion);
      expect(parser.end()).toEqual(expected);
    }
    const large = wavFile([wavChunk('LIST', Buffer.alloc(0), 3_000_000_001)]);
    const rest = Buffer.concat([fmt(), wavChunk('data', Buffer.alloc(0), 400)]);
    const parser = new WavHeadParser({ fileBytes: 4_000_000_000 });
    expect(parser.push(large)).toBeUndefined();
    expect(parser.skippableBytes).toBe(3_000_000_002);
    parser.skip(3_000_000_002);
    expect(parser.push(rest)).toMatchObject({ dataStart: 20 + 3_000_000_002 + rest.length, dataBytes: 400 });
    expect(() => parser.skip(1)).toThrow(RangeError);
  });
});

describe('WavHeadParser, with sizes that are not true', () => {
  const withData = (declared: number, present: number, options?: { size?: number }) =>
    headOf(wavFile([fmt(), wavChunk('data', Buffer.alloc(present), declared)], options));

  it('counts the file where the size was never written, is unknown or too large', () => {
    expect(withData(0, 400, { size: 0 })).toMatchObject({
      dataBytes: 400,
      warnings: [expect.stringContaining('how long')],
    });
    expect(withData(0xffffffff, 400)).toMatchObject({
      dataBytes: 400,
      warnings: [expect.stringContaining('how long')],
    });
    expect(withData(500, 400)).toMatchObject({ dataBytes: 400, warnings: [expect.stringContaining('500')] });
  });

  it('believes a size of 0 in a finished file', () => {
    const file = wavFile([fmt(), wavChunk('data', Buffer.alloc(0)), wavChunk('LIST', Buffer.alloc(40))]);
    expect(headOf(file)).toMatchObject({ dataBytes: 0, frames: 0, warnings: [expect.stringContaining('no audio')] });
  });

  it('finds the higher bits that a header of a file over 4 GiB has lost', () => {
    const start = wavFile([fmt(), wavChunk('data', Buffer.alloc(0), 400)]);
    const head = headOf(start, start.length + 2 ** 32 + 400);
    expect(head).toMatchObject({ dataBytes: 2 ** 32 + 400, warnings: [expect.stringContaining('4 GiB')] });
  });

  it('leaves out the bytes of half a sample frame', () => {
    expect(withData(402, 402)).toMatchObject({
      dataBytes: 400,
      frames: 100,
      warnings: [expect.stringContaining('last 2')],
    });
    expect(withData(402, 401)).toMatchObject({ dataBytes: 400 });
  });

  it('knows no end of a pipe', () => {
    const file = wavFile([fmt(), wavChunk('data', Buffer.alloc(8), 0xffffffff)]);
    expect(headOf(file, Infinity)).toMatchObject({ dataBytes: Infinity, frames: Infinity });
  });
});

describe('WavHeadParser refuses', () => {
  const start = (...text: string[]) => Buffer.from(text.join(''), 'latin1');
  it.each([
    ['nothing', Buffer.alloc(0), 'empty'],
    ['a big-endian file', start('RIFX', '\0\0\0\0WAVE'), 'RIFX'],
    ['Wave64', start('riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb'), 'Wave64'],
    ['AIFF', start('FORM', '\0\0\0\0AIFF'), 'AIFF'],
    ['a video', start('RIFF', '\0\0\0\0AVI '), 'AVI'],
    ['text', start('hello, this is no audio'), 'no WAV file'],
    ['a short start', start('RIFF'), 'no WAV file'],
    ['only a start', GOLDEN.subarray(0, 40), 'ends before its audio'],
    ['a cut format', GOLDEN.subarray(0, 30), 'beyond the end'],
    ['no data', wavFile([fmt()]), 'no data chunk'],
    ['data before the format', wavFile([wavChunk('data', Buffer.alloc(4)), fmt()]), 'before its format'],
    ['two formats', wavFile([fmt(), fmt({ channels: 1 })]), 'contradict'],
    ['MP3', wavFile([fmt({ tag: 0x55 })]), 'MP3'],
    ['A-law', wavFile([fmt({ tag: 6, bits: 8 })]), 'A-law'],
    ['an unknown tag', wavFile([fmt({ tag: 0x1234 })]), '0x1234'],
    ['an unknown GUID', wavFile([extensible({ channels: 2, bits: 16, valid: 16, tail: '11'.repeat(14) })]), 'GUID'],
    ['ADPCM in the extensible form', wavFile([extensible({ tag: 2, channels: 2, bits: 16, valid: 16 })]), 'ADPCM'],
    ['8 bit', wavFile([fmt({ bits: 8 })]), '8 bit'],
    ['64 bit float', wavFile([fmt({ tag: 3, bits: 64 })]), '64 bit'],
    ['no channels', wavFile([fmt({ channels: 0 })]), 'no channels'],
    ['a rate of 0', wavFile([fmt({ rate: 0 })]), '0 Hz'],
    ['a frame size that is wrong', wavFile([fmt({ align: 3 })]), '3 bytes a sample frame'],
    ['a short format', wavFile([wavChunk('fmt ', Buffer.alloc(14))]), '14 bytes'],
    ['a chunk past the end', wavFile([wavChunk('LIST', Buffer.alloc(4), 0xfffffffe)]), 'beyond the end'],
  ])('%s', (_, file, reason) => {
    expect(() => headOf(file)).toThrow(ProtocolViolation);
    expect(() => headOf(file)).toThrow(reason);
  });

  it('a million tiny chunks', () => {
    const chunks = Buffer.concat(Array.from({ length: 5000 }, () => wavChunk('tiny', Buffer.alloc(0))));
    expect(() => headOf(wavFile([chunks, fmt()]))).toThrow('chunks before the audio');
  });
});

describe('WavHeadParser, fed anything', () => {
  const good = Buffer.concat([
    new WavHeadWriter({
      format: STEREO_16,
      bext: {
        description: 'a take',
        originator: 'distream',
        startUtcMs: 0,
        timeReference: 7,
        codingHistory: ['A=PCM'],
      },
      trackNames: ['left', 'right'],
    }).head,
    Buffer.alloc(64),
  ]);

  const survives = (bytes: Buffer, sizes: readonly number[]) => {
    const parser = new WavHeadParser({ fileBytes: bytes.length });
    try {
      for (const portion of cut(bytes, sizes)) parser.push(portion);
      const head = parser.end();
      expect(head.dataStart + head.dataBytes).toBeLessThanOrEqual(bytes.length);
      expect(Number.isInteger(head.frames)).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolViolation);
    }
  };

  it('answers or refuses', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), sizes, (tail, portions) => {
        survives(Buffer.from(tail), portions);
        survives(wavFile([Buffer.from(tail)]), portions);
      }),
      { numRuns: 200 },
    );
  });

  it('answers or refuses when bytes of a good file are changed', () => {
    const change = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat({ max: good.length }), (changes, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        survives(bytes, [97]);
        survives(bytes.subarray(0, length), [97]);
      }),
      { numRuns: 300 },
    );
  });
});
