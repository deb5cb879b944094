import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture, frameAll, frameDigest, joinFrames } from '../../test/support/audio.ts';
import { opusHeaders, opusPage } from '../../test/support/ogg.ts';
import { createFramer } from './detect.ts';

const mp3 = audioFixture('cbr-128k-44100.mp3');
const aac = audioFixture('lc-96k-44100.aac');
const vorbis = audioFixture('vorbis.ogg');

/** Blocks of 16 bytes: a number that counts up, then 8 constant bytes. */
function countingPattern(firstBlock: number, blocks: number, constant: Buffer): Buffer {
  const bytes = Buffer.alloc(blocks * 16);
  for (let i = 0; i < blocks; i++) {
    bytes.writeUInt32BE(Math.floor((firstBlock + i) / 2 ** 32), i * 16);
    bytes.writeUInt32BE((firstBlock + i) % 2 ** 32, i * 16 + 4);
    constant.copy(bytes, i * 16 + 8);
  }
  return bytes;
}

const CONSTANTS = [Buffer.from('\x0fNETLAB\x0e', 'latin1'), Buffer.from('\xd7FANOUT\x9b', 'latin1')];

describe('createFramer', () => {
  it.each([
    ['audio/mpeg', 'cbr-128k-44100.mp3', 'audio/mpeg', 'mp3'],
    ['Audio/MP3; rate=1', 'layer2-128k.mp2', 'audio/mpeg', 'mp3'],
    ['audio/mpeg', 'lc-96k-44100.aac', 'audio/aac', 'aac'],
    ['audio/aacp', 'lc-96k-44100.aac', 'audio/aac', 'aac'],
    ['application/ogg', 'vbr-xing-id3.mp3', 'audio/mpeg', 'mp3'],
    ['audio/aac', 'opus.opus', 'application/ogg', 'opus'],
    ['audio/ogg', 'opus.opus', 'audio/ogg', 'opus'],
    ['audio/opus', 'opus.opus', 'audio/ogg', 'opus'],
    ['application/ogg', 'flac.oga', 'application/ogg', 'flac'],
    ['audio/flac', 'flac.flac', 'audio/flac', 'flac'],
    ['audio/x-flac', 'flac.flac', 'audio/flac', 'flac'],
    ['application/ogg', 'flac.flac', 'audio/flac', 'flac'],
    ['audio/webm', 'opus.webm', 'audio/webm', 'opus'],
    ['video/webm; codecs="opus"', 'opus.webm', 'audio/webm', 'opus'],
    [undefined, 'vorbis.webm', 'audio/webm', 'vorbis'],
    ['audio/flac', 'cbr-128k-44100.mp3', 'audio/mpeg', 'mp3'],
    ['audio/webm', 'opus.opus', 'application/ogg', 'opus'],
    [undefined, 'lc-96k-44100.aac', 'audio/aac', 'aac'],
    ['', 'mpeg2-32k-22050-mono.mp3', 'audio/mpeg', 'mp3'],
    ['application/octet-stream', 'vorbis.ogg', 'application/ogg', 'vorbis'],
  ])('%s with %s is %s', (contentType, file, found, codec) => {
    const bytes = audioFixture(file);
    const framer = createFramer({ contentType });
    const frames = frameAll(framer, bytes, 1400);
    expect(frames[0]!.format).toMatchObject({ contentType: found, codec });
    expect(new Set(frames.map(({ format }) => format)).size).toBe(1);
    const headers = frames[0]!.format.headers.length;
    expect(headers + joinFrames(frames).length + framer.skippedBytes).toBe(bytes.length);
    expect(framer.note).toBeUndefined();
  });

  it('passes a type it does not know on at once, even when the bytes could be frames', () => {
    const framer = createFramer({ contentType: 'Video/MP4; codecs=opus' });
    const [frame] = framer.push(mp3.subarray(0, 5));
    expect(frame!.format).toMatchObject({ codec: 'opaque', contentType: 'video/mp4' });
    expect(framer.note).toBe('distream knows no frames of video/mp4; passed on unchanged');
  });

  it('does not count a tag that is being skipped', () => {
    const tag = Buffer.alloc(100_000, 0x20);
    tag.write('ID3\x04\0\0\0\x06\x0d\x16', 'latin1'); // 99,990 bytes follow
    for (const [bytes, count] of [
      [mp3, 78],
      [aac, 88],
      [vorbis, 4],
    ] as const) {
      const framer = createFramer({ contentType: 'audio/mpeg' });
      expect(frameAll(framer, Buffer.concat([tag, bytes]), 1400)).toHaveLength(count);
    }
    const text = Buffer.alloc(20_000, 'no audio ');
    const framer = createFramer({ contentType: 'audio/mpeg' });
    expect(joinFrames(frameAll(framer, Buffer.concat([tag, text]), 1400)).equals(Buffer.concat([tag, text]))).toBe(
      true,
    );
  });

  it('gives the same frames however the bytes are cut', () => {
    const links = Buffer.concat([opusHeaders(1, 'TITLE=x'), opusPage(1, 0), opusPage(1, 1)]);
    const flac = audioFixture('flac.flac').subarray(0, 6000);
    const webm = audioFixture('opus.webm').subarray(0, 4500);
    for (const bytes of [mp3.subarray(0, 2600), aac.subarray(0, 1900), links, flac, webm]) {
      const expected = frameDigest(frameAll(createFramer({ contentType: undefined }), bytes));
      expect(expected.length).toBeGreaterThan(1);
      for (const step of [1, 5, 399])
        expect(frameDigest(frameAll(createFramer({ contentType: undefined }), bytes, step))).toEqual(expected);
      for (let cut = 1; cut < bytes.length; cut += 3) {
        const framer = createFramer({ contentType: undefined });
        const frames = [...framer.push(bytes.subarray(0, cut)), ...framer.push(bytes.subarray(cut)), ...framer.flush()];
        expect(frames.length).toBe(expected.length);
      }
    }
  });

  it('decides by the first 8 KiB alone, however they are cut', () => {
    const late = Buffer.concat([Buffer.alloc(8192 - 100, 1), mp3]);
    for (const step of [100, 1400, 1e6]) {
      const framer = createFramer({ contentType: 'audio/mpeg' });
      expect(joinFrames(frameAll(framer, late, step)).equals(late)).toBe(true);
      expect(framer.note).toBe(
        'sent as audio/mpeg, but no MPEG frames were found in the first 8 KiB; passed on unchanged',
      );
      const patient = createFramer({ contentType: 'audio/mpeg', maxProbeBytes: 16_384 });
      expect(frameAll(patient, late, step)).toHaveLength(78);
    }
  });

  it('passes short streams on when they end, and says nothing of an empty one', () => {
    const framer = createFramer({ contentType: undefined });
    const text = Buffer.from('<html>404</html>');
    expect(framer.push(text)).toEqual([]);
    const [frame] = framer.flush();
    expect(frame!.data).toEqual(text);
    expect(frame!.format.contentType).toBe('application/octet-stream');
    expect(framer.note).toBe(
      'no MPEG, AAC, Ogg, FLAC or WebM audio frames were found in the first 16 bytes; passed on unchanged',
    );
    const empty = createFramer({ contentType: 'audio/mpeg' });
    expect(empty.flush()).toEqual([]);
    expect(empty.note).toBeUndefined();
  });

  it('names free format', () => {
    const free = Buffer.alloc(12_000, 0x55);
    for (let at = 0; at < free.length; at += 1000) free.writeUInt32BE(0xfffb0064, at);
    const framer = createFramer({ contentType: 'audio/mpeg' });
    expect(joinFrames(frameAll(framer, free, 1400)).equals(free)).toBe(true);
    expect(framer.note).toMatch(/^free-format MPEG audio/);
  });

  it('becomes opaque when frames stop coming', () => {
    for (const audio of [mp3, aac]) {
      const bytes = Buffer.concat([audio, Buffer.alloc(80_000, 'text '), audio]);
      const framer = createFramer({ contentType: 'audio/mpeg' });
      const frames = frameAll(framer, bytes, 1400);
      expect(joinFrames(frames).equals(bytes)).toBe(true);
      expect(frames.at(-1)!.format.codec).toBe('opaque');
      expect(framer.note).toMatch(/^no (MPEG|AAC) frames were found for 64 KiB/);
    }
  });
});

describe('what is no audio is passed on, every byte', () => {
  const opaque = (bytes: Buffer, contentType: string | undefined, step = 1400) => {
    const framer = createFramer({ contentType });
    const frames = frameAll(framer, bytes, step);
    expect(joinFrames(frames).equals(bytes)).toBe(true);
    expect(frames.every(({ format }) => format.codec === 'opaque')).toBe(true);
    expect(framer.skippedBytes).toBe(0);
    expect(framer.note).toBeDefined();
  };

  it('silence and constant bytes', () => {
    for (const value of [0x00, 0xff, 0x80, 0x7f]) opaque(Buffer.alloc(20_000, value), 'audio/mpeg');
    // Silence of 16 bits with a dither of one step: -1, 0 and 1.
    const dither = Buffer.alloc(40_000);
    for (let i = 0; i < dither.length; i += 2) dither.writeInt16LE(((i * 7919) % 3) - 1, i);
    opaque(dither, undefined);
  });

  it.each(CONSTANTS.map((constant) => [constant.toString('latin1').slice(1, 7), constant] as const))(
    'the counting pattern %s, at numbers that look like frame headers',
    (_, constant) => {
      // Headers in the last three bytes, in the last four, in the four before the last; aligned frames are of 48 and 24 kHz.
      const starts = [0, 1_700_000_123, 2 ** 40 - 600];
      for (const second of [0xe2, 0xf1, 0xf2, 0xf3, 0xf4, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd]) {
        for (const third of [0x14, 0x34, 0x50, 0x64, 0x74, 0x94, 0xb4]) {
          const header = 0xff0000 + second * 256 + third;
          starts.push(
            header - 20,
            header * 256 - 20,
            header * 256 + 1,
            header * 65536 + 0x3000,
            (header + 1) * 65536 - 300,
          );
        }
      }
      for (const start of starts) opaque(countingPattern(start, 700, constant), 'audio/mpeg');
    },
  );

  it('the counting patterns at any number', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40 - 1000),
        fc.constantFrom(...CONSTANTS),
        fc.constantFrom('audio/mpeg', undefined),
        (first, constant, type) => opaque(countingPattern(first, 600, constant), type),
      ),
      { numRuns: 100 },
    );
  });

  it('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.integer({ min: 1, max: 5000 }), (bytes, step) =>
        opaque(Buffer.from(bytes), 'audio/aac', step),
      ),
      { numRuns: 100 },
    );
  });
});
