import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture, frameAll, frameDigest, joinFrames, totalSeconds } from '../../../test/support/audio.ts';
import { AdtsFramer } from './adts-framer.ts';
import { parseAdtsHeader } from './adts-header.ts';

const parse = (hex: string) => parseAdtsHeader(Buffer.from(hex, 'hex'), 0);

/** A frame of LC, at 44.1 kHz and stereo when left out; `rateIndex` 6 is 24 kHz, 7 is 22.05 kHz. */
function adtsFrame(frameBytes: number, fill: number, { blocks = 1, channels = 2, rateIndex = 4 } = {}): Buffer {
  const frame = Buffer.alloc(Math.max(7, frameBytes), fill);
  frame.set([
    0xff,
    0xf1,
    0x40 | (rateIndex << 2) | (channels >> 2),
    ((channels & 3) << 6) | (frameBytes >> 11),
    (frameBytes >> 3) & 0xff,
    ((frameBytes & 7) << 5) | 0x1f,
    0xfc | (blocks - 1),
  ]);
  return frame;
}

describe('parseAdtsHeader', () => {
  it.each([
    [
      'fff150802a7ffc',
      { mpegVersion: 4, objectType: 2, sampleRate: 44100, channels: 2, headerBytes: 7, frameBytes: 339, samples: 1024 },
    ],
    [
      'fff84c4020ffff',
      { mpegVersion: 2, sampleRate: 48000, channels: 1, headerBytes: 9, frameBytes: 263, samples: 4096 },
    ],
    // HE-AAC at 48 kHz: the core at 24 kHz, the SBR is not told.
    ['fff158801a1ffc', { objectType: 2, sampleRate: 24000, channels: 2, samples: 1024 }],
    ['fff15100201ffc', { channels: 4 }],
    ['fff15000201ffc', { channels: undefined }],
    ['fff151c0201ffc', { channels: 8 }],
    ['fff15080001ffc', undefined], // length 0
    ['fff1508000dffc', undefined], // length 6
    ['fff05080011ffc', undefined], // length 8, but 9 with the CRC
    ['fff17480201ffc', undefined], // rate index 13
    ['fffb9064201ffc', undefined], // MP3
    ['fff150802a7f', undefined],
  ])('%s', (hex, expected) => {
    if (expected) expect(parse(hex)).toMatchObject(expected);
    else expect(parse(hex)).toBeUndefined();
  });
});

describe('AdtsFramer', () => {
  const file = audioFixture('lc-96k-44100.aac');

  it('finds the 88 packets and 2.029607 s that ffprobe finds', () => {
    const framer = new AdtsFramer();
    const frames = frameAll(framer, file, 1400);
    expect(frames).toHaveLength(88);
    // ffprobe guesses the length from the bitrate; 88 frames of 1024 samples are this.
    expect(totalSeconds(frames)).toBeCloseTo((88 * 1024) / 44100, 5);
    expect(joinFrames(frames).equals(file)).toBe(true);
    expect(framer.skippedBytes).toBe(0);
    expect(frames[0]!.format).toMatchObject({
      codec: 'aac',
      contentType: 'audio/aac',
      sampleRate: 44100,
      channels: 2,
      primeFrames: 2,
    });
  });

  it('gives the same frames however the bytes are cut', () => {
    const head = file.subarray(0, 2000);
    const expected = frameDigest(frameAll(new AdtsFramer(), head));
    for (const step of [1, 2, 7, 100]) expect(frameDigest(frameAll(new AdtsFramer(), head, step))).toEqual(expected);
    for (let cut = 1; cut < head.length; cut++) {
      const framer = new AdtsFramer();
      const frames = [...framer.push(head.subarray(0, cut)), ...framer.push(head.subarray(cut)), ...framer.flush()];
      expect(frames.length).toBe(expected.length);
    }
  });

  it('counts the raw data blocks', () => {
    const frames = frameAll(
      new AdtsFramer(),
      Buffer.concat(Array.from({ length: 4 }, () => adtsFrame(300, 1, { blocks: 4 }))),
    );
    expect(totalSeconds(frames)).toBeCloseTo((4 * 4096) / 44100, 5);
  });

  // ADTS has no word for SBR and PS: a decoder finds them in the frames, and plays twice the core's samples at twice
  // its rate, with PS in stereo although the header says mono.
  it.each([
    { name: 'HE-AAC at 48 kHz', rateIndex: 6, channels: 2, coreRate: 24_000, frames: 375, seconds: 16 },
    { name: 'HE-AAC v2 at 44.1 kHz', rateIndex: 7, channels: 1, coreRate: 22_050, frames: 11_025, seconds: 512 },
  ])('times $name by its core: 1,024 samples of it last as long as the 2,048 that are heard', (stream) => {
    const framer = new AdtsFramer();
    const file = Buffer.concat(Array.from({ length: stream.frames }, (_, at) => adtsFrame(130 + (at % 7), 1, stream)));
    const frames = frameAll(framer, file, 1400);
    expect(frames).toHaveLength(stream.frames);
    expect(totalSeconds(frames)).toBe(stream.seconds);
    expect(totalSeconds(frames)).toBe((stream.frames * 2048) / (2 * stream.coreRate));
    expect(frames[0]!.format).toMatchObject({ sampleRate: stream.coreRate, channels: stream.channels });
    expect(framer.note).toBeUndefined();
  });

  it('takes a change of channels for a new format', () => {
    const mono = Array.from({ length: 4 }, () => adtsFrame(200, 1, { channels: 1 }));
    const stereo = Array.from({ length: 4 }, () => adtsFrame(300, 2));
    const framer = new AdtsFramer();
    const frames = frameAll(framer, Buffer.concat([...mono, ...stereo]), 64);
    expect(frames.map(({ format }) => format.channels)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect(new Set(frames.map(({ format }) => format)).size).toBe(2);
    expect(framer.skippedBytes).toBe(0);
  });

  it('moves on over frames that claim 0 to 6 bytes, or 8191', () => {
    for (const claimed of [0, 1, 6, 8191]) {
      const framer = new AdtsFramer();
      const bad = adtsFrame(claimed, 0).subarray(0, 7);
      const frames = frameAll(framer, Buffer.concat([file, bad, bad, file, file]), 1400);
      expect(frames.length).toBeGreaterThan(88 * 2);
      expect(framer.note).toBeUndefined();
    }
  });

  it('finds the frames again behind random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 500 }), (before, between) => {
        const framer = new AdtsFramer();
        const frames = frameAll(framer, Buffer.concat([Buffer.from(before), file, Buffer.from(between), file]), 1400);
        expect(frames.length).toBeGreaterThanOrEqual(88 * 2 - 4);
      }),
      { numRuns: 40 },
    );
  });
});
