import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture, frameAll, frameDigest, joinFrames, totalSeconds } from '../../../test/support/audio.ts';
import { Mp3Framer } from './mp3-framer.ts';

const cbr = audioFixture('cbr-128k-44100.mp3');
const vbr = audioFixture('vbr-xing-id3.mp3');
const mono = audioFixture('mpeg2-32k-22050-mono.mp3');
const layer2 = audioFixture('layer2-128k.mp2');

/** A tag of ID3v2.4 that claims `size` bytes and has `present` of them. */
function id3(size: number, present = size, flags = 0): Buffer {
  const tag = Buffer.alloc(10 + present, 0x20);
  tag.write('ID3', 'latin1');
  tag.set([4, 0, flags, (size >> 21) & 127, (size >> 14) & 127, (size >> 7) & 127, size & 127], 3);
  return tag;
}

describe('Mp3Framer on real files (counts and times are what ffprobe says)', () => {
  it.each([
    { name: 'cbr-128k-44100.mp3', count: 78, seconds: 2.0375, rate: 44100, channels: 2, lattice: 20480, prime: 3 },
    { name: 'vbr-xing-id3.mp3', count: 78, seconds: 2.037551, rate: 44100, channels: 2, lattice: undefined, prime: 3 },
    {
      name: 'mpeg2-32k-22050-mono.mp3',
      count: 79,
      seconds: 2.06375,
      rate: 22050,
      channels: 1,
      lattice: 5120,
      prime: 4,
    },
    {
      name: 'info-48k-48000-mono-crc.mp3',
      count: 43,
      seconds: 1.032,
      rate: 48000,
      channels: 1,
      lattice: 144,
      prime: 6,
    },
    { name: 'layer2-128k.mp2', count: 39, seconds: 1.01875, rate: 44100, channels: 2, lattice: 20480, prime: 1 },
  ])('$name', ({ name, count, seconds, rate, channels, lattice, prime }) => {
    const file = audioFixture(name);
    const framer = new Mp3Framer();
    const frames = frameAll(framer, file, 1400);
    expect(frames).toHaveLength(count);
    expect(totalSeconds(frames)).toBeCloseTo(seconds, 2);
    expect(new Set(frames.map(({ format }) => format)).size).toBe(1);
    const { format } = frames[0]!;
    expect(format).toMatchObject({ codec: 'mp3', contentType: 'audio/mpeg', sampleRate: rate, channels });
    expect(format.latticeBytes).toBe(lattice);
    expect(format.primeFrames).toBe(prime);
    expect(joinFrames(frames).length + framer.skippedBytes).toBe(file.length);
  });

  it('leaves out the tag and the Xing or Info frame, and no more', () => {
    const frames = frameAll(new Mp3Framer(), vbr);
    expect(vbr.indexOf(joinFrames(frames))).toBe(vbr.indexOf(frames[0]!.data));
    expect(joinFrames(frames).includes('Xing')).toBe(false);
    expect(frameAll(new Mp3Framer(), cbr).length).toBe(
      frameAll(new Mp3Framer(), Buffer.concat([id3(500), cbr])).length,
    );
    expect(joinFrames(frameAll(new Mp3Framer(), cbr)).equals(cbr)).toBe(true);
  });
});

describe('Mp3Framer', () => {
  it('gives the same frames however the bytes are cut', () => {
    const file = Buffer.concat([vbr.subarray(0, 2500), Buffer.from('garbage'), mono.subarray(0, 1500)]);
    const expected = frameDigest(frameAll(new Mp3Framer(), file));
    expect(expected.length).toBeGreaterThan(10);
    for (const step of [1, 2, 3, 417, 1000])
      expect(frameDigest(frameAll(new Mp3Framer(), file, step))).toEqual(expected);
    for (let cut = 1; cut < file.length; cut++) {
      const framer = new Mp3Framer();
      const frames = [...framer.push(file.subarray(0, cut)), ...framer.push(file.subarray(cut)), ...framer.flush()];
      expect(frames.length).toBe(expected.length);
    }
  });

  it('returns a frame with its last byte once it is in step', () => {
    const framer = new Mp3Framer();
    const sizes = frameAll(new Mp3Framer(), cbr).map(({ data }) => data.length);
    const start = sizes.slice(0, 5).reduce((sum, size) => sum + size, 0);
    expect(framer.push(cbr.subarray(0, start))).toHaveLength(5);
    expect(framer.push(cbr.subarray(start, start + sizes[5]! - 1))).toHaveLength(0);
    expect(framer.push(cbr.subarray(start + sizes[5]! - 1, start + sizes[5]!))).toHaveLength(1);
  });

  it('begins in the middle of a frame, and counts what it leaves out', () => {
    const framer = new Mp3Framer();
    const frames = frameAll(framer, cbr.subarray(200));
    expect(frames).toHaveLength(77);
    expect(framer.skippedBytes).toBe(frameAll(new Mp3Framer(), cbr)[0]!.data.length - 200);
  });

  it('drops a cut frame at the end', () => {
    expect(frameAll(new Mp3Framer(), cbr.subarray(0, cbr.length - 1))).toHaveLength(77);
  });

  it('takes a file of one or two frames when the bytes end with them', () => {
    const [first, second] = frameAll(new Mp3Framer(), cbr);
    expect(frameAll(new Mp3Framer(), Buffer.concat([first!.data, second!.data]))).toHaveLength(2);
    expect(frameAll(new Mp3Framer(), first!.data)).toHaveLength(1);
    expect(frameAll(new Mp3Framer(), first!.data.subarray(1))).toHaveLength(0);
  });

  it('takes another rate for a new format, and the same rate again behind garbage for the old one', () => {
    const framer = new Mp3Framer();
    const frames = frameAll(framer, Buffer.concat([cbr, Buffer.alloc(99, 3), cbr, mono, layer2]), 1400);
    expect(frames).toHaveLength(78 + 78 + 79 + 39);
    expect([...new Set(frames.map(({ format }) => format))].map(({ sampleRate }) => sampleRate)).toEqual([
      44100, 22050, 44100,
    ]);
    expect(framer.skippedBytes).toBe(99);
  });

  it('keeps frames of changing bitrate in one format', () => {
    const vbrFrames = frameAll(new Mp3Framer(), vbr);
    expect(new Set(vbrFrames.map(({ data }) => data[2]! >> 4)).size).toBeGreaterThan(1);
    expect(new Set(vbrFrames.map(({ format }) => format)).size).toBe(1);
  });

  it('keeps the sum of whole microseconds exact', () => {
    const frames = frameAll(new Mp3Framer(), Buffer.concat(Array.from({ length: 10 }, () => cbr)));
    expect(frames.every(({ durationUs }) => Number.isInteger(durationUs))).toBe(true);
    expect(totalSeconds(frames) * 1e6).toBe(Math.floor((780 * 1152 * 1e6) / 44100));
  });
});

describe('tags', () => {
  const ape = Buffer.alloc(64, 1);
  ape.write('APETAGEX', 'latin1');
  ape.writeUInt32LE(32, 12);
  ape.writeUInt32LE(0xa0000000, 20);
  const id3v1 = Buffer.alloc(128, 0xff);
  id3v1.write('TAG', 'latin1');

  it.each([
    ['ID3v2', id3(3000)],
    ['ID3v2 with a footer', id3(300, 310, 0x10)],
    ['ID3v2 with pictures full of sync words', Buffer.concat([id3(20 * 417, 0), cbr.subarray(0, 20 * 417)])],
    ['ID3v1', id3v1],
    ['APE', ape],
    ['APE and ID3v1', Buffer.concat([ape, id3v1])],
    ['Lyrics3', Buffer.from(`LYRICSBEGIN${'LYR00010some words'.repeat(5)}000101LYRICS200`)],
  ])('%s between files is left out', (_, tag) => {
    for (const step of [1, 1400, 1e6]) {
      const framer = new Mp3Framer();
      const frames = frameAll(framer, Buffer.concat([cbr, tag, cbr]), step);
      expect(joinFrames(frames).equals(Buffer.concat([cbr, cbr]))).toBe(true);
      expect(framer.skippedBytes).toBe(tag.length);
    }
  });

  it('leaves the Xing frame out where a tag says that a file begins', () => {
    expect(frameAll(new Mp3Framer(), Buffer.concat([vbr, vbr]))).toHaveLength(78 * 2);
  });

  it('skips 1 MiB of a tag that claims 256 MiB, and looks for frames from there', () => {
    const framer = new Mp3Framer();
    const frames = frameAll(framer, Buffer.concat([cbr, id3(0x0fffffff, 1024 * 1024 - 10), cbr]), 65536);
    expect(frames).toHaveLength(78 * 2);
    expect(framer.skippedBytes).toBe(1024 * 1024);
  });

  it('takes a tag with impossible sizes for garbage', () => {
    const tag = id3(10);
    tag.fill(0xff, 6, 10);
    const framer = new Mp3Framer();
    expect(frameAll(framer, Buffer.concat([tag, cbr]))).toHaveLength(78);
    expect(framer.skippedBytes).toBe(tag.length);
  });
});

describe('garbage', () => {
  it('becomes opaque from the garbage on after 64 KiB, and loses none of it', () => {
    for (const step of [1400, 1e7]) {
      const noise = Buffer.alloc(70_000, 0x21);
      const framer = new Mp3Framer();
      const frames = frameAll(framer, Buffer.concat([cbr, noise, cbr]), step);
      expect(joinFrames(frames).equals(Buffer.concat([cbr, noise, cbr]))).toBe(true);
      expect(frames.filter(({ format }) => format.codec === 'mp3')).toHaveLength(78);
      expect(framer.note).toBe('no MPEG frames were found for 64 KiB; passed on unchanged from there');
      expect(framer.skippedBytes).toBe(0);
    }
  });

  it('is left out when it is less', () => {
    const framer = new Mp3Framer();
    expect(frameAll(framer, Buffer.concat([cbr, Buffer.alloc(65_000, 0x21), cbr]), 1400)).toHaveLength(156);
    expect(framer.skippedBytes).toBe(65_000);
  });

  it('of any kind around frames costs at most the frames beside it', () => {
    const junk = fc.uint8Array({ maxLength: 600 });
    fc.assert(
      fc.property(junk, junk, fc.integer({ min: 1, max: 3000 }), (before, between, step) => {
        const framer = new Mp3Framer();
        const bytes = Buffer.concat([Buffer.from(before), cbr, Buffer.from(between), cbr]);
        const frames = frameAll(framer, bytes, step);
        expect(frames.length).toBeGreaterThanOrEqual(156 - 4);
        expect(joinFrames(frames).length + framer.skippedBytes).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 60 },
    );
  });

  it('that is full of sync words is worked through in time', () => {
    const sync = Buffer.alloc(4 * 1024 * 1024);
    for (let at = 0; at < sync.length; at += 4) sync.writeUInt32BE(0xfffb9464, at);
    for (let at = 0; at < sync.length; at += 60_000) cbr.copy(sync, at, 0, 1300);
    expect(joinFrames(frameAll(new Mp3Framer(), sync, 1400)).length).toBeGreaterThan(0);
  });
});
