import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture, frameAll, frameDigest, joinFrames, totalSeconds } from '../../../test/support/audio.ts';
import { flacCrc8, flacCrc16 } from './flac-crc.ts';
import { FlacFramer } from './flac-framer.ts';
import { parseFlacFrameHeader, parseStreamInfo } from './flac-header.ts';

const file = audioFixture('flac.flac');
const all = frameAll(new FlacFramer(), file);
const { headers } = all[0]!.format;
/** A stream as an encoder sends it, cut after some frames. */
const stream = (frames: number) => Buffer.concat([headers, joinFrames(all.slice(0, frames))]);

describe('parseFlacFrameHeader', () => {
  const info = { maxBlockSamples: 65_535, sampleRate: 44_100, channels: 2, bitsPerSample: 16 };
  const parse = (hex: string, of: Partial<typeof info> = {}) => {
    const header = Buffer.from(`${hex}00`, 'hex');
    header[header.length - 1] = flacCrc8(header, 0, header.length - 1);
    return parseFlacFrameHeader(header, 0, { ...info, ...of });
  };
  it.each([
    ['fff8c91800', 4096, {}],
    ['fff9c9a8fe8080808080bf', 4096, {}], // side and mid, the longest number
    ['fff819180a', 192, {}],
    ['fff82918df80', 576, {}],
    ['fff86a0800' + '63', 100, { sampleRate: 48_000, channels: 1 }],
    ['fff87d080063ff' + 'ac44', 25_600, { sampleRate: 44_100, channels: 1 }],
    ['fff8ec0800' + '60', 16_384, { sampleRate: 96_000, channels: 1 }],
    ['fff8be08001130', 2048, { sampleRate: 44_000, channels: 1 }],
    ['fff8c0180000', undefined, {}], // one byte too many
  ])('%s has %s samples', (hex, samples, of) => {
    expect(parse(hex, of)?.samples).toBe(samples);
  });

  it.each([
    ['fff8091800', {}], // reserved size
    ['fff8cf1800', {}], // forbidden rate
    ['fff8c9b800', {}], // reserved channels
    ['fff8c91600', {}], // reserved bits
    ['fff8c91900', {}], // reserved bit
    ['fff8c918ff', {}], // no number
    ['fff8c918c3ff', {}],
    ['fffac91800', {}],
    ['fff8c91800', { channels: 1 }],
    ['fff8c91800', { sampleRate: 48_000 }],
    ['fff8c91800', { bitsPerSample: 24 }],
    ['fff8c91800', { maxBlockSamples: 4095 }],
  ])('%s is none for %j', (hex, of) => {
    expect(parse(hex, of)).toBeUndefined();
  });

  it('is none with a wrong CRC-8, or cut', () => {
    const frame = all[0]!.data;
    const own = parseStreamInfo(file.subarray(8, 42))!;
    expect(parseFlacFrameHeader(frame, 0, own)).toEqual({ samples: 1152, headerBytes: 6 });
    for (let bytes = 0; bytes < 6; bytes++) {
      expect(parseFlacFrameHeader(frame.subarray(0, bytes), 0, own)).toBeUndefined();
      const wrong = Buffer.from(frame);
      wrong[bytes]! ^= 1;
      expect(parseFlacFrameHeader(wrong, 0, own)).toBeUndefined();
    }
  });

  it('has the check values of the two CRCs', () => {
    expect(flacCrc8(Buffer.from('123456789'), 0, 9)).toBe(0xf4);
    expect(flacCrc16(Buffer.from('123456789'), 0, 9)).toBe(0xfee8);
  });
});

describe('FlacFramer', () => {
  it('finds the frames and the title of a file, to the sample', () => {
    const framer = new FlacFramer();
    const frames = frameAll(framer, file, 1400);
    expect(frames).toHaveLength(Math.ceil(16_000 / 1152));
    expect(totalSeconds(frames)).toBe(2);
    expect(frames[0]!.metadata?.title).toBe('Generator - Tone in noise');
    expect(frames[1]!.metadata).toBeUndefined();
    expect(frames[0]!.format).toMatchObject({
      codec: 'flac',
      contentType: 'audio/flac',
      sampleRate: 8000,
      channels: 1,
      primeFrames: 0,
    });
    expect(new Set(frames.map(({ format }) => format)).size).toBe(1);
    expect(file.subarray(-joinFrames(frames).length).equals(joinFrames(frames))).toBe(true);
    expect(headers.length + joinFrames(frames).length + framer.skippedBytes).toBe(file.length);
    expect(framer.note).toBeUndefined();
  });

  it('keeps STREAMINFO and the comments for joiners, without the length of the file', () => {
    expect(headers.toString('latin1', 0, 4)).toBe('fLaC');
    expect(headers.subarray(4, 8).toString('hex')).toBe('00000022');
    expect(headers.subarray(8, 21).equals(file.subarray(8, 21))).toBe(true);
    expect(headers[21]! & 0x0f).toBe(0);
    expect(headers.subarray(22, 42).equals(Buffer.alloc(20))).toBe(true);
    expect(headers[42]).toBe(0x84);
    expect(headers.length).toBe(46 + headers.readUIntBE(43, 3));
    // What was made so is read so.
    const framer = new FlacFramer();
    const again = frameAll(framer, stream(all.length));
    expect(frameDigest(again)).toEqual(frameDigest(all));
    expect(again[0]!.format.headers.equals(headers)).toBe(true);
    expect(framer.skippedBytes).toBe(0);
  });

  it('gives the same frames however the bytes are cut', () => {
    const bytes = stream(3);
    const expected = frameDigest(frameAll(new FlacFramer(), bytes));
    expect(expected).toHaveLength(3);
    for (const step of [1, 2, 7, 100]) expect(frameDigest(frameAll(new FlacFramer(), bytes, step))).toEqual(expected);
    for (let cut = 1; cut < bytes.length; cut++) {
      const framer = new FlacFramer();
      const frames = [...framer.push(bytes.subarray(0, cut)), ...framer.push(bytes.subarray(cut)), ...framer.flush()];
      expect(frames.length).toBe(expected.length);
    }
  });

  it('gives a frame when the next has begun', () => {
    const framer = new FlacFramer();
    const [first, second] = all;
    expect(framer.push(Buffer.concat([headers, first!.data]))).toEqual([]);
    expect(framer.push(second!.data).map(({ data }) => data)).toEqual([first!.data]);
    expect(framer.flush().map(({ data }) => data)).toEqual([second!.data]);
  });

  it('drops a cut frame at the end', () => {
    const bytes = stream(3);
    expect(frameAll(new FlacFramer(), bytes.subarray(0, -1))).toHaveLength(2);
  });

  it('begins anew with another stream, also in the middle of a frame', () => {
    for (const lost of [0, 1, 500]) {
      const framer = new FlacFramer();
      const first = stream(3);
      const frames = frameAll(framer, Buffer.concat([first.subarray(0, first.length - lost), stream(2)]), 50);
      expect(frames.map(({ data }) => data)).toEqual(
        [...all.slice(0, lost ? 2 : 3), ...all.slice(0, 2)].map((f) => f.data),
      );
      expect(new Set(frames.map(({ format }) => format)).size).toBe(2);
      expect(frames.filter(({ metadata }) => metadata)).toHaveLength(2);
    }
  });

  it('leaves out damaged frames, and bytes between them', () => {
    const damaged = Buffer.from(all[2]!.data);
    damaged[400]! ^= 1;
    const parts = [headers, all[0]!.data, Buffer.alloc(900, 0xff), all[1]!.data, damaged, all[3]!.data, all[4]!.data];
    for (const step of [60, 100_000]) {
      const framer = new FlacFramer();
      const frames = frameAll(framer, Buffer.concat(parts), step);
      expect(frames.map(({ data }) => data)).toEqual([1, 3, 4].map((index) => all[index]!.data));
      expect(framer.skippedBytes).toBe(all[0]!.data.length + 900 + damaged.length);
    }
  });

  it('passes on what stops being FLAC, every byte', () => {
    const bytes = Buffer.concat([stream(3), Buffer.alloc(80_000, 'text '), stream(3)]);
    const framer = new FlacFramer();
    const frames = frameAll(framer, bytes, 1400);
    expect(Buffer.concat([headers, joinFrames(frames)]).equals(bytes)).toBe(true);
    expect(frames.at(-1)!.format).toMatchObject({ codec: 'opaque', contentType: 'audio/flac' });
    expect(framer.note).toMatch(/^no FLAC frames were found for 64 KiB/);
  });

  it('passes on a stream whose metadata blocks make no sense', () => {
    for (const block of ['00000022', '7f000001', '00ffffff']) {
      const framer = new FlacFramer();
      const opening = Buffer.from(file.subarray(0, 42));
      const bytes = Buffer.concat([opening, Buffer.from(block, 'hex'), Buffer.alloc(100)]);
      expect(joinFrames(frameAll(framer, bytes, 7)).equals(bytes)).toBe(true);
      expect(framer.note).toBe('the FLAC stream has metadata blocks that make no sense; passed on unchanged');
    }
  });

  it('holds no picture, however long', () => {
    const picture = Buffer.alloc(4 + 3_000_000);
    picture.writeUInt32BE(0x06000000 + 3_000_000);
    const framer = new FlacFramer();
    const bytes = Buffer.concat([file.subarray(0, 42), picture, headers.subarray(42), joinFrames(all)]);
    const frames = frameAll(framer, bytes, 64_000);
    expect(frameDigest(frames)).toEqual(frameDigest(all));
    expect(framer.skippedBytes).toBe(picture.length);
  });

  it('works linearly through places that look like frames', () => {
    const fake = Buffer.concat(Array.from({ length: 100_000 }, () => all[0]!.data.subarray(0, 6)));
    const framer = new FlacFramer();
    const bytes = Buffer.concat([headers, fake]);
    // A checksum of 16 bits is right by chance now and then.
    const frames = frameAll(framer, bytes, 1400);
    expect(headers.length + joinFrames(frames).length + framer.skippedBytes).toBeLessThanOrEqual(bytes.length);
  });

  it('gives whole frames only, and no byte twice, whatever happens to the bytes', () => {
    const bytes = stream(8);
    const known = new Set(all.map(({ data }) => data.toString('latin1')));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 5 }),
        fc.integer({ min: 1, max: 3000 }),
        (changes, step) => {
          const changed = Buffer.from(bytes);
          for (const [at, value] of changes) changed[at] = value;
          const framer = new FlacFramer();
          const frames = frameAll(framer, changed, step);
          const sound = frames.filter(({ format }) => format.codec === 'flac');
          expect(joinFrames(frames).length + framer.skippedBytes).toBeLessThanOrEqual(bytes.length);
          if (changes.every(([at]) => at >= headers.length))
            for (const { data } of sound) expect(known.has(data.toString('latin1'))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('outlives random bytes behind an opening', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 500 }), (bytes, step) => {
        const framer = new FlacFramer();
        frameAll(framer, Buffer.concat([file.subarray(0, 42), Buffer.from(bytes)]), step);
        expect(framer.confirmed).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
