import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { patternBytes } from '../../../test/support/frames.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import { Ingest } from './ingest.ts';

const OPAQUE = 'application/x-test';

/** One valid MP3 frame of 417 bytes (128 kbit/s, 44.1 kHz, no padding), told apart by `mark`. */
function mp3Frame(mark: number): Buffer {
  const frame = Buffer.alloc(417, mark & 0x7f);
  frame.set([0xff, 0xfb, 0x90, 0x00]);
  frame.writeUInt32BE(mark, 100);
  return frame;
}

const mp3 = (from: number, to: number) =>
  Buffer.concat(Array.from({ length: to - from }, (_, index) => mp3Frame(from + index)));

function setUp() {
  const clock = new FakeClock();
  const items: AudioItem[] = [];
  const failures: unknown[] = [];
  const broken = { on: false };
  const ingest = new Ingest({
    clock,
    deliver: (delivered) => {
      if (broken.on) throw new Error('broken');
      items.push(...delivered);
    },
    history: () => Buffer.concat(items.map(({ data }) => data)),
    failed: (error) => failures.push(error),
  });
  const data = () => Buffer.concat(items.map((item) => item.data));
  return { clock, ingest, items, failures, broken, data };
}

describe('Ingest', () => {
  it('finds frames and leaves out what is no audio', () => {
    const { ingest, data } = setUp();
    const writer = ingest.open({ contentType: 'audio/mpeg', continuity: 'new' });
    writer.write(Buffer.concat([Buffer.from('garbage'), mp3(0, 10)]));
    expect(data().equals(mp3(0, 10))).toBe(true);
    expect(ingest.skippedBytes).toBe(7);
  });

  it('resumes inside a frame when the next session is exact', () => {
    const { ingest, data, items } = setUp();
    const all = mp3(0, 20);
    const first = ingest.open({ contentType: 'audio/mpeg', continuity: 'new' });
    first.write(all.subarray(0, 4000));
    first.end();
    ingest.open({ contentType: 'audio/mpeg', continuity: 'exact' }).write(all.subarray(4000));
    expect(data().equals(all)).toBe(true);
    expect(items.some(({ discontinuity }) => discontinuity)).toBe(false);
  });

  it('cuts cleanly at a frame when the source restarts', () => {
    const { ingest, data, items } = setUp();
    const first = ingest.open({ contentType: 'audio/mpeg', continuity: 'new' });
    first.write(mp3(0, 10).subarray(0, 4000)); // nine frames and a part
    first.end();
    ingest.open({ contentType: 'audio/mpeg', continuity: 'new' }).write(mp3(100, 110));
    expect(data().equals(Buffer.concat([mp3(0, 9), mp3(100, 110)]))).toBe(true);
    expect(items.map(({ discontinuity }) => discontinuity?.cause).filter(Boolean)).toEqual(['source-restart']);
  });

  it('drops the frames that a rejoined server repeats, even when it begins inside one', () => {
    const { ingest, data, items } = setUp();
    ingest.open({ contentType: 'audio/mpeg', continuity: 'new' }).write(mp3(0, 100));
    const again = ingest.open({ contentType: 'audio/mpeg', continuity: 'overlap' });
    const burst = mp3(50, 140).subarray(123);
    for (let at = 0; at < burst.length; at += 1400) again.write(burst.subarray(at, at + 1400));
    expect(data().equals(mp3(0, 140))).toBe(true);
    expect(items.some(({ discontinuity }) => discontinuity)).toBe(false);
    expect(ingest.counters.overlapBytesDropped).toBe(49 * 417);
  });

  it('goes on with the same decoder after a join, and with a new one when the server has moved on', () => {
    const ogg = readFileSync(new URL('../../../test/fixtures/audio/vorbis.ogg', import.meta.url));
    const { ingest, items, data } = setUp();
    const cut = Math.floor(ogg.length / 2);
    ingest.open({ contentType: 'application/ogg', continuity: 'new' }).write(ogg.subarray(0, cut));
    ingest.open({ contentType: 'application/ogg', continuity: 'overlap' }).write(ogg);
    const [first] = items;
    expect(Buffer.concat([first!.format.headers, data()]).equals(ogg)).toBe(true);
    expect(new Set(items.map(({ format }) => format)).size).toBe(1);

    const again = setUp();
    again.ingest.open({ contentType: 'audio/mpeg', continuity: 'new' }).write(mp3(0, 20));
    again.ingest.open({ contentType: 'audio/mpeg', continuity: 'overlap' }).write(mp3(50, 70));
    expect(new Set(again.items.map(({ format }) => format)).size).toBe(2);
  });

  it('puts titles right although the session before ended while its burst was searched', () => {
    const { ingest, items } = setUp();
    ingest.open({ contentType: 'audio/mpeg', continuity: 'new' }).write(mp3(0, 100));
    const broken = ingest.open({ contentType: 'audio/mpeg', continuity: 'overlap' });
    broken.write(mp3(50, 80));
    broken.end();
    const again = ingest.open({ contentType: 'audio/mpeg', continuity: 'overlap' });
    again.write(mp3(50, 120));
    again.setMetadata({ title: 'next' });
    again.write(mp3(120, 140));
    const index = items.findIndex(({ metadata }) => metadata?.title === 'next');
    expect(items[index]?.data.equals(mp3Frame(120))).toBe(true);
  });

  it('repeats nothing although sessions break before it is known where they join', () => {
    const { ingest, data, items } = setUp();
    ingest.open({ contentType: 'audio/mpeg', continuity: 'new' }).write(mp3(0, 100));
    for (let attempt = 0; attempt < 3; attempt++) {
      const broken = ingest.open({ contentType: 'audio/mpeg', continuity: 'overlap' });
      broken.write(mp3(50, 52)); // too little to tell
      broken.end();
    }
    ingest.open({ contentType: 'audio/mpeg', continuity: 'overlap' }).write(mp3(50, 140));
    expect(data().equals(mp3(0, 140))).toBe(true);
    expect(items.some(({ discontinuity }) => discontinuity)).toBe(false);
  });

  it('sends the headers of the next link of a chain although they are those of the link before', () => {
    const ogg = readFileSync(new URL('../../../test/fixtures/audio/vorbis.ogg', import.meta.url));
    const { ingest, items } = setUp();
    const looped = Buffer.concat([ogg, ogg, ogg]);
    ingest.open({ contentType: 'application/ogg', continuity: 'new' }).write(ogg.subarray(0, ogg.length / 2));
    ingest.open({ contentType: 'application/ogg', continuity: 'overlap' }).write(looped);
    expect(new Set(items.map(({ format }) => format)).size).toBe(3);
  });

  it('goes on with the same decoder when the repeated part ends with a write', () => {
    const ogg = readFileSync(new URL('../../../test/fixtures/audio/vorbis.ogg', import.meta.url));
    const { ingest, items, data } = setUp();
    ingest.open({ contentType: 'application/ogg', continuity: 'new' }).write(ogg.subarray(0, ogg.length / 2));
    const cut = items[0]!.format.headers.length + data().length;
    const again = ingest.open({ contentType: 'application/ogg', continuity: 'overlap' });
    again.write(ogg.subarray(0, cut));
    again.write(ogg.subarray(cut));
    expect(Buffer.concat([items[0]!.format.headers, data()]).equals(ogg)).toBe(true);
    expect(new Set(items.map(({ format }) => format)).size).toBe(1);
  });

  it('keeps the title over a restart of the source, and not for another one', () => {
    const { ingest, items } = setUp();
    const open = (agent: string) =>
      ingest.open({ contentType: 'audio/mpeg', continuity: 'new', peer: '192.0.2.1', agent });
    const first = open('BUTT');
    first.setMetadata({ title: 'One' });
    first.write(mp3(0, 3));
    open('BUTT').write(mp3(10, 13));
    open('ffmpeg').write(mp3(20, 23));
    expect(items.map(({ metadata }) => metadata?.title)).toEqual([...Array(6).fill('One'), '', '', '']);
  });

  it('ends the session, and no more, when what came cannot be taken', () => {
    const { ingest, failures, broken, data } = setUp();
    const writer = ingest.open({ contentType: 'audio/mpeg', continuity: 'exact' });
    writer.write(mp3(0, 3));
    broken.on = true;
    expect(() => writer.write(mp3(3, 6))).not.toThrow();
    expect([failures.length, ingest.connected]).toEqual([1, false]);
    broken.on = false;
    ingest.open({ contentType: 'audio/mpeg', continuity: 'exact' }).write(mp3(6, 9));
    expect(data().equals(Buffer.concat([mp3(0, 3), mp3(6, 9)]))).toBe(true);
  });

  it('ignores a writer whose session is over', () => {
    const { ingest, data } = setUp();
    const old = ingest.open({ contentType: OPAQUE, continuity: 'new' });
    const next = ingest.open({ contentType: OPAQUE, continuity: 'new' });
    old.write(patternBytes(0, 100));
    old.end();
    expect(ingest.connected).toBe(true);
    next.write(patternBytes(100, 200));
    expect(data()).toEqual(patternBytes(100, 200));
  });

  it('gives a title to the first frame that begins after it was set', () => {
    const { ingest, items } = setUp();
    const writer = ingest.open({ contentType: 'audio/mpeg', continuity: 'new' });
    const all = mp3(0, 20);
    writer.setMetadata({ title: 'One' });
    writer.write(all.subarray(0, 10 * 417 + 200));
    writer.setMetadata({ title: 'Two' });
    writer.write(all.subarray(10 * 417 + 200));
    const changes = items.filter(({ metadata }, index) => metadata !== items[index - 1]?.metadata);
    const titles = changes.map((item) => [items.indexOf(item), item.metadata?.title]);
    expect(titles).toEqual([
      [0, 'One'],
      [11, 'Two'],
    ]);
  });

  it('tells how far an input is ahead of real time', () => {
    const { ingest, clock } = setUp();
    const writer = ingest.open({ contentType: OPAQUE, continuity: 'new', station: { bitrateKbps: 128 } });
    writer.write(patternBytes(0, 32_000));
    expect(writer.aheadMs()).toBe(2000);
    clock.advance(500);
    expect(writer.aheadMs()).toBe(1500);
  });
});
