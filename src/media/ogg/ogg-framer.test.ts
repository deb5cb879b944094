import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture, frameAll, frameDigest, joinFrames, totalSeconds } from '../../../test/support/audio.ts';
import { oggPage, opusHead, opusHeaders, opusPacket, opusPage, opusTags } from '../../../test/support/ogg.ts';
import { OggFramer } from './ogg-framer.ts';

const opusPages = (serial: number, count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => opusPage(serial, i)));

describe('OggFramer on real files (seconds are what ffprobe says, less the pre-skip of Opus)', () => {
  const title = 'Generator - Tone in noise';
  it.each([
    { name: 'vorbis.ogg', codec: 'vorbis', frames: 4, seconds: 2, rate: 44100, channels: 2, title },
    { name: 'ffmpeg-vorbis.ogg', codec: 'vorbis', frames: 1, seconds: 1, rate: 44100, channels: 2, title: undefined },
    { name: 'opus.opus', codec: 'opus', frames: 3, seconds: 2, rate: 48000, channels: 2, title },
    { name: 'flac.oga', codec: 'flac', frames: 3, seconds: 2, rate: 22050, channels: 1, title },
  ])('$name', ({ name, codec, frames: count, seconds, rate, channels, title }) => {
    const file = audioFixture(name);
    const framer = new OggFramer();
    const frames = frameAll(framer, file, 1400);
    expect(frames).toHaveLength(count);
    expect(totalSeconds(frames)).toBe(seconds);
    const { format } = frames[0]!;
    expect(format).toMatchObject({ codec, contentType: 'application/ogg', sampleRate: rate, channels });
    expect(new Set(frames.map((frame) => frame.format)).size).toBe(1);
    expect(Buffer.concat([format.headers, joinFrames(frames)]).equals(file)).toBe(true);
    expect(framer.skippedBytes).toBe(0);
    expect(frames.map(({ metadata }) => metadata?.title)).toEqual([title, ...frames.slice(1).map(() => undefined)]);
  });

  it('gives each link of a chain its own format and title', () => {
    const file = audioFixture('chained-vorbis.ogg');
    const frames = frameAll(new OggFramer({ contentType: 'audio/ogg' }), file, 1400);
    expect(totalSeconds(frames)).toBe(3);
    const [first, second] = [...new Set(frames.map(({ format }) => format))];
    expect(first!.contentType).toBe('audio/ogg');
    const parts = [first!, second!].map((format) => [
      format.headers,
      ...frames.filter((f) => f.format === format).map((f) => f.data),
    ]);
    expect(Buffer.concat(parts.flat()).equals(file)).toBe(true);
    expect(frames.flatMap(({ metadata }) => metadata ?? [])).toEqual([
      { artist: 'Generator', title: 'Generator - Tone in noise' },
      { title: 'Second link' },
    ]);
  });
});

describe('OggFramer', () => {
  it('gives the same frames however the bytes are cut', () => {
    const file = Buffer.concat([
      opusHeaders(7, 'TITLE=One'),
      opusPages(7, 5),
      Buffer.from('OggOggS'),
      opusHeaders(8),
      opusPages(8, 3),
    ]);
    const expected = frameDigest(frameAll(new OggFramer(), file));
    expect(expected).toHaveLength(8);
    for (const step of [1, 2, 3, 26, 100]) expect(frameDigest(frameAll(new OggFramer(), file, step))).toEqual(expected);
    for (let cut = 1; cut < file.length; cut++) {
      const framer = new OggFramer();
      const frames = [...framer.push(file.subarray(0, cut)), ...framer.push(file.subarray(cut)), ...framer.flush()];
      expect(frameDigest(frames)).toEqual(expected);
    }
  });

  it('joins the pages that a packet goes over', () => {
    const a = oggPage(Buffer.alloc(510, 0xfc), { sequence: 2, granule: -1n, lacing: [255, 255] });
    const b = oggPage(Buffer.alloc(300, 0xfc), { sequence: 3, granule: 1920n, flags: 1, lacing: [45, 255] });
    const c = oggPage(Buffer.alloc(10, 0xfc), { sequence: 4, granule: 2880n, flags: 1 });
    const frames = frameAll(new OggFramer(), Buffer.concat([opusHeaders(1), a, b, c, opusPage(1, 3)]));
    expect(frames.map(({ data }) => data)).toEqual([Buffer.concat([a, b, c]), opusPage(1, 3)]);
  });

  it('leaves out the rest of a packet whose beginning is lost', () => {
    const a = oggPage(Buffer.alloc(510, 1), { sequence: 2, granule: -1n, lacing: [255, 255] });
    const lost = oggPage(Buffer.alloc(510, 2), { sequence: 3, granule: -1n, flags: 1, lacing: [255, 255] });
    const c = oggPage(Buffer.alloc(10, 3), { sequence: 4, granule: 2880n, flags: 1 });
    const framer = new OggFramer();
    const frames = frameAll(framer, Buffer.concat([opusHeaders(1), opusPage(1, 0), a, c, opusPage(1, 3)]));
    expect(frames.map(({ data }) => data)).toEqual([opusPage(1, 0), opusPage(1, 3)]);
    expect(framer.skippedBytes).toBe(a.length + c.length);
    expect(lost.length).toBeGreaterThan(0);
  });

  it('leaves out pages with a wrong checksum and of other streams', () => {
    const wrong = Buffer.from(opusPage(1, 1));
    wrong[40]! ^= 1;
    const framer = new OggFramer();
    const frames = frameAll(
      framer,
      Buffer.concat([opusHeaders(1), opusPage(1, 0), wrong, opusPage(9, 1), opusPage(1, 2)]),
      50,
    );
    expect(frames.map(({ data }) => data)).toEqual([opusPage(1, 0), opusPage(1, 2)]);
    expect(framer.skippedBytes).toBe(wrong.length + opusPage(9, 1).length);
    expect(totalSeconds(frames)).toBeCloseTo(0.06 - 312 / 48000, 5);
  });

  it('reads FLAC headers to the first audio packet where they are not counted', () => {
    const file = Buffer.from(audioFixture('flac.oga'));
    const first = file.subarray(28, 79);
    const uncounted = Buffer.from(first);
    uncounted.writeUInt16BE(0, 7);
    const serial = file.readUInt32LE(14);
    const frames = frameAll(
      new OggFramer(),
      Buffer.concat([oggPage(uncounted, { flags: 2, serial }), file.subarray(79)]),
    );
    expect(frames).toHaveLength(3);
    expect(frames[0]!.metadata?.title).toBe('Generator - Tone in noise');
    expect(frames[0]!.format.headers.length).toBe(file.length - joinFrames(frames).length);
  });

  it('estimates where granules make no sense', () => {
    const seconds = (...granules: bigint[]) => {
      const pages = granules.map((granule, i) => oggPage(opusPacket(), { sequence: i + 2, granule }));
      const frames = frameAll(
        new OggFramer(),
        Buffer.concat([oggPage(opusHead(2, 0), { flags: 2 }), oggPage(opusTags(), { sequence: 1 }), ...pages]),
      );
      return frames.map(({ durationUs }) => durationUs);
    };
    expect(seconds(960n, 1920n, 2880n)).toEqual([20_000, 20_000, 20_000]);
    expect(seconds(10n ** 12n, 10n ** 12n + 960n)).toEqual([20_000, 20_000]); // joined late
    expect(seconds(960n, 10n ** 12n, 10n ** 12n + 960n)).toEqual([20_000, 20_000, 20_000]); // a leap
    expect(seconds(9600n, 960n, 1920n)).toEqual([20_000, 20_000, 20_000]); // a step back
    expect(seconds(960n, -(2n ** 63n), 2880n)).toEqual([20_000, 20_000, 20_000]);
    expect(seconds(960n, 2n ** 63n - 1n, 2880n)).toEqual([20_000, 20_000, 20_000]);
    expect(seconds(960n, -1n, 2880n)).toEqual([20_000, 0, 40_000]);
    expect(seconds(960n, 960n + 48_000n * 60n)).toEqual([20_000, 60_000_000]);
  });
});

describe('what is no single audio stream is passed on unchanged', () => {
  const theora = oggPage(Buffer.from('\x80theora with more', 'latin1'), { flags: 2, serial: 5 });
  const many = Array.from({ length: 260 }, (_, i) =>
    oggPage(Buffer.alloc(255 * 255, 1), { serial: 1, sequence: i + 1, flags: i ? 1 : 0, lacing: Array(255).fill(255) }),
  );
  const audio = opusPages(1, 4);
  it.each([
    ['Theora', Buffer.concat([theora, audio]), 'Theora video'],
    [
      'several streams',
      Buffer.concat([oggPage(opusHead(), { flags: 2, serial: 4 }), theora, audio]),
      'several streams at once',
    ],
    [
      'a second first page with garbage before it',
      Buffer.concat([Buffer.from('xyz'), oggPage(opusHead(), { flags: 2 }), Buffer.from('abc'), theora]),
      'several streams at once',
    ],
    ['an unknown codec in a later link', Buffer.concat([opusHeaders(1), audio, theora, audio]), 'Theora video'],
    [
      'headers that never end',
      Buffer.concat([oggPage(opusHead(), { flags: 2 }), ...many.slice(0, 20)]),
      'headers of more than 1 MiB',
    ],
    ['a packet that never ends', Buffer.concat([opusHeaders(1), ...many.slice(1, 20)]), undefined],
    [
      'headers that share a page with audio',
      Buffer.concat([oggPage(opusHead(), { flags: 2 }), oggPage(Buffer.alloc(300), { lacing: [45, 255] }), audio]),
      'headers that do not end with a page',
    ],
  ])('%s', (_, bytes, what) => {
    for (const step of [1400, 1e7]) {
      const framer = new OggFramer();
      const frames = frameAll(framer, bytes, step);
      const headers = [...new Set(frames.map(({ format }) => format.headers))];
      const used = frames[0]?.format.codec === 'opus' ? [frames[0].format.headers] : [];
      expect(headers.length).toBeLessThanOrEqual(2);
      expect(Buffer.concat([...used, joinFrames(frames)]).equals(bytes)).toBe(true);
      expect(framer.confirmed).toBe(true);
      if (what) expect(framer.note).toBe(`the Ogg stream has ${what}; passed on unchanged`);
      expect(framer.skippedBytes).toBe(0);
    }
  });
});

describe('hostile Ogg', () => {
  it('bounds what it holds when headers begin again and again', () => {
    const twice = Buffer.concat(Array.from({ length: 1500 }, () => oggPage(opusHead(), { flags: 2, serial: 1 })));
    const framer = new OggFramer();
    expect(joinFrames(frameAll(framer, twice, 1400)).equals(twice)).toBe(true);
    expect(framer.note).toMatch(/no Ogg pages were found/);
  });

  it('goes through 10,000 links, with and without audio', () => {
    const links = Array.from({ length: 10_000 }, (_, i) =>
      Buffer.concat([opusHeaders(i), i % 3 === 0 ? Buffer.alloc(0) : opusPage(i, 0)]),
    );
    const framer = new OggFramer();
    const frames = frameAll(framer, Buffer.concat(links), 65536);
    expect(frames).toHaveLength(6666);
    expect(new Set(frames.map(({ format }) => format)).size).toBe(6666);
    expect(framer.note).toBeUndefined();
  });

  it('works through claimed pages in time: 4 MiB of page headers that each claim 64 KiB', () => {
    const claim = Buffer.alloc(32, 0xff);
    claim.write('OggS\0\0', 'latin1');
    const valid = Buffer.concat([opusHeaders(1), opusPage(1, 0)]);
    const run = Buffer.concat([valid, Buffer.concat(Array.from({ length: 1900 }, () => claim))]);
    const bytes = Buffer.concat(Array.from({ length: 64 }, () => run));
    const framer = new OggFramer();
    frameAll(framer, bytes, 1400);
    expect(framer.note).toBeDefined();
  });

  it('survives any bytes around pages', () => {
    const junk = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(junk, junk, fc.integer({ min: 1, max: 500 }), (before, between, step) => {
        const parts = [
          Buffer.from(before),
          opusHeaders(1),
          opusPages(1, 3),
          Buffer.from(between),
          opusHeaders(2),
          opusPages(2, 3),
        ];
        expect(frameAll(new OggFramer(), Buffer.concat(parts), step)).toHaveLength(6);
      }),
      { numRuns: 100 },
    );
  });

  it('survives any change of real pages', () => {
    const file = audioFixture('vorbis.ogg').subarray(0, 12_000);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(file);
        for (const [at, value] of changes) bytes[at] = value;
        const framer = new OggFramer();
        const frames = frameAll(framer, bytes, 1400);
        expect(joinFrames(frames).length + framer.skippedBytes).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 100 },
    );
  });
});
