import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFixture, frameAll, frameDigest, joinFrames, totalSeconds } from '../../../test/support/audio.ts';
import { opusPacket } from '../../../test/support/ogg.ts';
import { element, simpleBlock, unsized, WEBM_ID, webmHeaders } from '../../../test/support/webm.ts';
import { WebmFramer } from './webm-framer.ts';

const opus = audioFixture('opus.webm');
const all = frameAll(new WebmFramer(), opus);
const CLUSTER = Buffer.from(WEBM_ID.cluster, 'hex');

/** A cluster of Opus packets of 20 ms. */
function cluster(step: number, packets: number, make = element): Buffer {
  const blocks = Array.from({ length: packets }, (_, index) => simpleBlock(index * 20, opusPacket()));
  return make(WEBM_ID.cluster, [element(WEBM_ID.timestamp, step), ...blocks]);
}

const stream = (count: number, make = element) =>
  Buffer.concat([webmHeaders(), ...Array.from({ length: count }, (_, index) => cluster(index * 100, 5, make))]);

describe('WebmFramer on real files', () => {
  it.each([
    // 2 s and what the codec adds: 101 packets of 20 ms, the last of them padded.
    { name: 'opus.webm', codec: 'opus', clusters: 5, seconds: 2.02, rate: 48_000 },
    { name: 'vorbis.webm', codec: 'vorbis', clusters: 4, seconds: 1, rate: 44_100 },
  ])('$name', ({ name, codec, clusters, seconds, rate }) => {
    const file = audioFixture(name);
    const framer = new WebmFramer();
    const frames = frameAll(framer, file, 1400);
    expect(frames).toHaveLength(clusters);
    expect(Math.abs(totalSeconds(frames) - seconds)).toBeLessThan(0.02);
    const { format } = frames[0]!;
    expect(format).toMatchObject({ codec, contentType: 'audio/webm', sampleRate: rate, channels: 2 });
    expect(new Set(frames.map((frame) => frame.format)).size).toBe(1);
    for (const { data } of frames) expect(data.subarray(0, 4).equals(CLUSTER)).toBe(true);
    expect(file.includes(joinFrames(frames))).toBe(true);
    expect(format.headers.length + joinFrames(frames).length + framer.skippedBytes).toBe(file.length);
    expect(framer.note).toBeUndefined();
    const again = frameAll(new WebmFramer(), Buffer.concat([format.headers, joinFrames(frames)]), 100);
    expect(frameDigest(again)).toEqual(frameDigest(frames));
  });

  it('gives the same clusters however the bytes are cut', () => {
    const expected = frameDigest(all);
    for (const step of [1, 2, 7, 100]) expect(frameDigest(frameAll(new WebmFramer(), opus, step))).toEqual(expected);
    for (let cut = 1; cut < opus.length; cut += 3) {
      const framer = new WebmFramer();
      const frames = [...framer.push(opus.subarray(0, cut)), ...framer.push(opus.subarray(cut)), ...framer.flush()];
      expect(frames.length).toBe(expected.length);
    }
  });
});

describe('WebmFramer', () => {
  it('gives a cluster with its last byte, and one without a size when the next begins', () => {
    const framer = new WebmFramer();
    const first = cluster(0, 3);
    expect(framer.push(Buffer.concat([webmHeaders(), first.subarray(0, -1)]))).toEqual([]);
    expect(framer.push(first.subarray(-1)).map(({ data }) => data)).toEqual([first]);
    const second = cluster(60, 3, unsized);
    expect(framer.push(second)).toEqual([]);
    expect(framer.push(cluster(120, 3, unsized)).map(({ data }) => data)).toEqual([second]);
    expect(framer.flush().map(({ data }) => data)).toEqual([cluster(120, 3, unsized)]);
  });

  it('cuts clusters without a size the same however the bytes are cut', () => {
    const bytes = stream(3, unsized);
    const expected = frameDigest(frameAll(new WebmFramer(), bytes));
    expect(expected).toHaveLength(3);
    for (let cut = 1; cut < bytes.length; cut++) {
      const framer = new WebmFramer();
      const frames = [...framer.push(bytes.subarray(0, cut)), ...framer.push(bytes.subarray(cut)), ...framer.flush()];
      expect(frameDigest(frames)).toEqual(expected);
    }
  });

  it('times Opus by its packets and Vorbis by the times of its blocks, which are whole milliseconds', () => {
    expect(frameAll(new WebmFramer(), stream(3)).map(({ durationUs }) => durationUs)).toEqual([1e5, 1e5, 1e5]);
    const vorbis = (step: number, blocks: readonly number[]) =>
      element(WEBM_ID.cluster, [
        element(WEBM_ID.timestamp, step),
        ...blocks.map((block) => simpleBlock(block, Buffer.alloc(9))),
      ]);
    const clusters = [vorbis(0, [0, 13, 26]), vorbis(40, [0, 13, 26]), vorbis(78, [0]), vorbis(9000, [0, 10])];
    const frames = frameAll(new WebmFramer(), Buffer.concat([webmHeaders({ codec: 'A_VORBIS' }), ...clusters]));
    expect(frames.map(({ durationUs }) => durationUs)).toEqual([39_000, 40_000, 12_000, 20_000]);
    const group = element(WEBM_ID.blockGroup, element(WEBM_ID.block, [Buffer.from('81000080', 'hex'), opusPacket()]));
    const grouped = element(WEBM_ID.cluster, [element(WEBM_ID.timestamp, 0), group]);
    expect(frameAll(new WebmFramer(), Buffer.concat([webmHeaders(), grouped]))[0]!.durationUs).toBe(20_000);
    // Laced blocks hold several packets.
    const laced = element(
      WEBM_ID.cluster,
      [0, 60, 120].map((step) => simpleBlock(step, opusPacket(), 0x86)),
    );
    expect(frameAll(new WebmFramer(), Buffer.concat([webmHeaders(), laced]))[0]!.durationUs).toBe(180_000);
  });

  it('keeps what a joiner needs, without the sizes and places of a file', () => {
    const [ebml, rest] = [webmHeaders().subarray(0, 18), webmHeaders().subarray(30)];
    const tail = Buffer.concat([
      element(WEBM_ID.void, Buffer.alloc(90)),
      rest,
      element(WEBM_ID.cues, Buffer.alloc(50)),
    ]);
    const clusters = Buffer.concat([cluster(0, 5), cluster(100, 5)]);
    const bytes = Buffer.concat([
      ebml,
      element(WEBM_ID.segment, [tail, clusters]),
      element(WEBM_ID.cues, Buffer.alloc(70)),
    ]);
    const framer = new WebmFramer();
    const frames = frameAll(framer, bytes, 11);
    expect(joinFrames(frames).equals(clusters)).toBe(true);
    expect(frames[0]!.format.headers.toString('hex')).toBe(
      Buffer.concat([ebml, Buffer.from('185380671fffffff', 'hex'), rest]).toString('hex'),
    );
    expect(frames[0]!.format.headers.length + clusters.length + framer.skippedBytes).toBe(bytes.length);
  });

  it('begins anew with another stream', () => {
    for (const lost of [0, simpleBlock(0, opusPacket()).length]) {
      const first = stream(2);
      const framer = new WebmFramer();
      const frames = frameAll(framer, Buffer.concat([first.subarray(0, first.length - lost), stream(2)]), 30);
      expect(new Set(frames.map(({ format }) => format)).size).toBe(2);
      expect(frames).toHaveLength(lost ? 3 : 4);
    }
  });

  it('leaves out damaged clusters and bytes between them', () => {
    const damaged = Buffer.from(cluster(100, 5));
    damaged[15] = 0;
    const parts = [webmHeaders(), cluster(0, 5), damaged, Buffer.alloc(300, 0x1f), cluster(200, 5), cluster(300, 5)];
    for (const step of [13, 100_000]) {
      const framer = new WebmFramer();
      const frames = frameAll(framer, Buffer.concat(parts), step);
      expect(frames.map(({ data }) => data)).toEqual([cluster(0, 5), cluster(200, 5), cluster(300, 5)]);
      expect(framer.skippedBytes).toBe(damaged.length + 300);
    }
  });

  it.each([
    [webmHeaders({ type: 1 }), 'a track that is no audio'],
    [webmHeaders({ tracks: 2 }), 'several tracks'],
    [webmHeaders({ tracks: 0 }), 'no track'],
    [webmHeaders({ codec: 'A_AAC' }), 'a codec that distream does not know'],
    [webmHeaders({ codec: 'A_VORBIS', rate: 0 }), 'a rate that makes no sense'],
    [Buffer.concat([webmHeaders(), element(WEBM_ID.info, Buffer.alloc(300_000))]), 'headers of more than 256 KiB'],
    [Buffer.concat([webmHeaders(), Buffer.alloc(20)]), 'headers that make no sense'],
    [Buffer.concat([webmHeaders(), element(WEBM_ID.simpleBlock, 5)]), 'headers that make no sense'],
  ])('passes on what it cannot cut, every byte: %#', (headers, what) => {
    const bytes = Buffer.concat([headers, cluster(0, 5), cluster(100, 5)]);
    const framer = new WebmFramer('video/webm');
    const frames = frameAll(framer, bytes, 50);
    expect(joinFrames(frames).equals(bytes)).toBe(true);
    expect(frames[0]!.format).toMatchObject({ codec: 'opaque', contentType: 'video/webm' });
    expect(framer.note).toBe(`the WebM stream has ${what}; passed on unchanged`);
  });

  it('passes on clusters of more than 1 MiB, and what stops being WebM', () => {
    const long = (make: typeof element) =>
      make(WEBM_ID.cluster, [element(WEBM_ID.timestamp, 0), element('a3', Buffer.alloc(1.1e6))]);
    const text = Buffer.alloc(80_000, 'text ');
    for (const end of [long(element), text]) {
      const framer = new WebmFramer();
      const frames = frameAll(framer, Buffer.concat([stream(2), end, stream(1)]), 1400);
      expect(frames.at(-1)!.format.codec).toBe('opaque');
      expect(
        Buffer.concat([webmHeaders(), joinFrames(frames)]).equals(Buffer.concat([stream(2), end, stream(1)])),
      ).toBe(true);
      expect(framer.note).toMatch(/clusters/);
    }
  });

  it('holds little of streams that begin again and again, and of clusters in clusters', () => {
    const framer = new WebmFramer();
    for (let turn = 0; turn < 2000 && framer.note === undefined; turn++) framer.push(webmHeaders());
    expect(framer.note).toBeDefined();
    const nested = Buffer.concat(Array.from({ length: 80_000 }, () => Buffer.from('1f43b67510080000ec80', 'hex')));
    const other = new WebmFramer();
    frameAll(other, Buffer.concat([webmHeaders(), nested]), 64_000);
    expect(other.note).toBeDefined();
  });

  it('gives whole clusters only, whatever happens to the bytes', () => {
    const bytes = stream(6);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.integer({ min: 1, max: 3000 }),
        (changes, step) => {
          const changed = Buffer.from(bytes);
          for (const [at, value] of changes) changed[at] = value;
          const framer = new WebmFramer();
          const frames = frameAll(framer, changed, step);
          expect(joinFrames(frames).length + framer.skippedBytes).toBeLessThanOrEqual(bytes.length);
          for (const { data, durationUs, format } of frames) {
            if (format.codec === 'opaque') continue;
            expect(data.subarray(0, 4).equals(CLUSTER)).toBe(true);
            expect(Number.isSafeInteger(durationUs) && durationUs >= 0).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('outlives random bytes behind its headers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 500 }), (bytes, step) => {
        const framer = new WebmFramer();
        frameAll(framer, Buffer.concat([webmHeaders(), Buffer.from(bytes)]), step);
        expect(framer.confirmed).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
