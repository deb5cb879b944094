import { describe, expect, it } from 'vitest';
import { CHANNEL_EPOCH, fixtureItems, RUN_EPOCH, receivedItems } from '../../../test/support/link-records.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import { ChannelStore } from '../../protocols/link/channel-store.ts';
import type { StreamRecord } from '../../protocols/link/stream-records.ts';
import { RecordFeed, ticksPerSecondOf } from './record-feed.ts';

function setUp(published?: { epoch: string; byte: number }) {
  const store = new ChannelStore({ name: 'a', epoch: CHANNEL_EPOCH, keepMs: 1e6, maxBytes: 1e9 });
  const target = {
    audioBytes: 0,
    append(record: StreamRecord) {
      store.append(record);
      if (record.type === 'audio') target.audioBytes += record.data.length;
    },
  };
  const feed = new RecordFeed(target, published);
  return { feed, store, received: () => receivedItems(store.read(0, 1e9)) };
}

const bytesOf = (items: readonly AudioItem[]) => Buffer.concat(items.map(({ data }) => data));
const sumUs = (items: readonly AudioItem[]) => items.reduce((sum, { durationUs }) => sum + durationUs, 0);

describe('frames as records and back', () => {
  it.each([
    'cbr-128k-44100.mp3',
    'mpeg2-32k-22050-mono.mp3',
    'vbr-xing-id3.mp3',
    'layer2-128k.mp2',
    'lc-96k-44100.aac',
    'opus.opus',
    'vorbis.ogg',
    'chained-vorbis.ogg',
    'flac.oga',
  ])('%s keeps its bytes, frames, times, titles, formats and origin', (name) => {
    const sent = fixtureItems(name);
    const { feed, received } = setUp();
    for (let at = 0; at < sent.length; at += 7) feed.take(sent.slice(at, at + 7));
    const { items, records } = received();
    expect(items.map(({ data }) => data.length)).toEqual(sent.map(({ data }) => data.length));
    expect(bytesOf(items).equals(bytesOf(sent))).toBe(true);
    expect(items.map(({ origin }) => origin)).toEqual(sent.map(({ origin }) => origin));
    expect(items.map(({ metadata }) => metadata)).toEqual(sent.map(({ metadata }) => metadata));
    expect(sent[0]!.format.codec).not.toBe('opaque');
    const formats = [...new Set(sent.map(({ format }) => format))];
    const came = [...new Set(items.map(({ format }) => format))];
    expect(came.map(({ primeFrames: _, latticeBytes: __, ...format }) => format)).toEqual(
      formats.map(({ primeFrames: _, latticeBytes: __, ...format }) => format),
    );
    if (!name.startsWith('vbr')) expect(came).toEqual(formats);
    // The same samples, so the same time but for the microsecond that is being rounded.
    for (const [index, item] of items.entries())
      expect(Math.abs(item.durationUs - sent[index]!.durationUs)).toBeLessThan(2);
    expect(Math.abs(sumUs(items) - sumUs(sent))).toBeLessThan(2 * formats.length);
    expect(records.filter(({ type }) => type === 'origin')).toHaveLength(1);
  });

  it.each([
    ['cbr-128k-44100.mp3', 44_100, 1152],
    ['lc-96k-44100.aac', 44_100, 1024],
    ['opus.opus', 48_000, undefined],
  ])('%s has whole samples', (name, rate, ticks) => {
    const sent = fixtureItems(name);
    const { feed, received } = setUp();
    feed.take(sent);
    expect(ticksPerSecondOf(sent[0]!.format)).toBe(rate);
    const audio = received().records.flatMap((record) => (record.type === 'audio' ? [record.ticks] : []));
    if (ticks === undefined) expect(audio.slice(1, -1).every((each) => each % 960 === 0)).toBe(true);
    else expect(new Set(audio)).toEqual(new Set([ticks]));
  });

  it('cuts opaque bytes into pieces that fit a packet, and keeps their time', () => {
    const { feed, received } = setUp();
    const format = {
      ...fixtureItems('cbr-128k-44100.mp3')[0]!.format,
      codec: 'opaque',
      sampleRate: undefined,
    } as const;
    const data = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index & 255));
    const item = { format, metadata: undefined, discontinuity: undefined, durationUs: 333_333.25 };
    feed.take([0, 1, 2].map((index) => ({ ...item, data, origin: { epoch: RUN_EPOCH, byte: index * data.length } })));
    const { items, records } = received();
    expect(Math.max(...items.map((each) => each.data.length))).toBe(1400);
    expect(bytesOf(items)).toEqual(Buffer.concat([data, data, data]));
    expect(Math.abs(sumUs(items) - 999_999.75)).toBeLessThan(1);
    expect(records.filter(({ type }) => type === 'origin')).toHaveLength(1);
    expect(items.at(-1)!.format).toMatchObject({ codec: 'opaque', sampleRate: undefined });
    expect(items.at(-1)!.origin).toEqual({ epoch: RUN_EPOCH, byte: 30_000 - items.at(-1)!.data.length });
  });
});

describe('a feed', () => {
  const sent = fixtureItems('cbr-128k-44100.mp3').slice(0, 60);

  it('tells each place where the audio does not continue, and its cause', () => {
    const { feed, received } = setUp();
    const lost = { cause: 'line-loss', lostMs: 261 } as const;
    feed.take([...sent.slice(0, 10), { ...sent[20]!, discontinuity: lost }, ...sent.slice(21, 30)]);
    const { items } = received();
    expect(items.map(({ origin }) => origin)).toEqual(
      [...sent.slice(0, 10), ...sent.slice(20, 30)].map(({ origin }) => origin),
    );
    expect(items.flatMap(({ discontinuity }, index) => (discontinuity ? [[index, discontinuity]] : []))).toEqual([
      [10, lost],
    ]);
  });

  it('says a format and a title once, whatever objects they come in', () => {
    const { feed, received } = setUp();
    feed.take(sent.map((item) => ({ ...item, format: { ...item.format }, metadata: { title: 'one' } })));
    const types = received().records.map(({ type }) => type);
    expect(types.slice(0, 4)).toEqual(['format', 'origin', 'title', 'audio']);
    expect(types.slice(3).every((type) => type === 'audio')).toBe(true);
  });

  it('goes on after what was published before, and does not publish it again', () => {
    const at = sent[20]!.origin!;
    const { feed, received } = setUp(at);
    feed.take(sent);
    const { items, records } = received();
    expect(bytesOf(items)).toEqual(bytesOf(sent.slice(20)));
    expect(records.some(({ type }) => type === 'discontinuity' || type === 'origin')).toBe(false);
  });

  it('publishes the rest of what was published in part', () => {
    const at = sent[20]!.origin!;
    const { feed, received } = setUp({ ...at, byte: at.byte + 100 });
    feed.take(sent);
    expect(bytesOf(received().items)).toEqual(bytesOf(sent.slice(20)).subarray(100));
  });

  it('tells that a source began anew after a restart', () => {
    const { feed, received } = setUp({ epoch: 'eeeeeeeeeeeeeeee', byte: 7 });
    feed.take(sent);
    const [first, ...others] = received().items;
    expect(first).toMatchObject({ discontinuity: { cause: 'source-restart' }, origin: sent[0]!.origin });
    expect(others.some(({ discontinuity }) => discontinuity)).toBe(false);
  });
});
