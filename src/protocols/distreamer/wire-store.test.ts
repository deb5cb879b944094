import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingBytes, firstBreak } from '../../../test/support/counting-pattern.ts';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import { oggPage } from '../../../test/support/ogg.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { recordingWireSink } from '../../../test/support/recording-wire-sink.ts';
import type { Fragment } from '../../core/fragment.ts';
import { type Message, MessageDecoder } from './message-codec.ts';
import { decodeStoreList, type StoreList } from './store-list.ts';
import { WireReader } from './wire-reader.ts';
import { WireStore, type WireStoreOptions } from './wire-store.ts';

function makeStore(overrides: Partial<WireStoreOptions> = {}): WireStore {
  const station = { name: 'Test', bitrateKbps: 128, isPublic: false };
  return new WireStore({
    metadataInterval: 100,
    firstNumber: 1,
    firstSourceGeneration: 5,
    station: () => station,
    ...overrides,
  });
}

function parse(bytes: Buffer): Message {
  const messages: Message[] = [];
  new MessageDecoder().push(bytes, (message) => messages.push(message));
  expect(messages.length).toBe(1);
  return messages[0]!;
}

function dataOf(store: WireStore, number: number): Buffer {
  const message = parse(store.get(number)!.message);
  if (message.action !== 'fragment') throw new Error(message.action);
  expect(message.number).toBe(number);
  return message.data;
}

function listOf(store: WireStore, upTo = store.nextNumber - 1): StoreList {
  const message = parse(store.listMessage(upTo));
  if (message.action !== 'list') throw new Error(message.action);
  return decodeStoreList(message.data);
}

/** Reads the whole store as a client that joins. */
function readAll(store: WireStore): RecordingSessions {
  const sessions = new RecordingSessions();
  const reader = new WireReader();
  reader.connect(recordingWireSink(sessions));
  for (const number of store.numbers) {
    const fragment = store.get(number)!;
    const previous = store.get(number - 1);
    if (previous && previous.generation !== fragment.generation) push(reader, store.listMessage(number - 1));
    push(reader, fragment.oggHeader);
    push(reader, fragment.message);
  }
  push(reader, store.listMessage(store.nextNumber - 1));
  return sessions;
}

function push(reader: WireReader, bytes: Buffer): void {
  const message = parse(bytes);
  if (message.action !== 'err') reader.push(message);
}

const counting = (source: FragmentSource, overrides: Partial<Fragment> = {}) => {
  const fragment = source.next();
  const data = countingBytes((fragment.sequence - 1) * 250, 250);
  return { ...fragment, data, ...overrides };
};

describe('a wire store', () => {
  it('puts the title where it is due, and only when it changes', () => {
    const store = makeStore();
    const source = new FragmentSource();
    const one = { title: 'One' };
    const two = { title: 'Two', url: 'http://x/' };
    store.append(counting(source, { openingMetadata: one, metadata: [{ offset: 120, metadata: two }] }));
    store.append(counting(source, { openingMetadata: two }));
    const list = listOf(store);
    // 100 audio bytes, a block of 2 units, 100 audio bytes, a block of 3 units, 50 audio bytes
    expect(list.icyOffsets).toEqual(
      new Map([
        [1, [100, 233]],
        [2, [50, 151]],
        [3, [0]],
      ]),
    );
    expect(dataOf(store, 1).subarray(100, 133).toString('latin1')).toBe(`\x02StreamTitle='One';${'\0'.repeat(14)}`);
    expect(dataOf(store, 1).subarray(234, 282).toString('latin1')).toContain(
      `StreamTitle='Two';StreamUrl='http://x/';`,
    );
    expect(dataOf(store, 2)[50]).toBe(0);
    expect(list.title.toString('latin1')).toContain(`StreamTitle='Two'`);
    expect(list.headers).toEqual(
      new Map([
        ['content-type', 'audio/mpeg'],
        ['icy-name', 'Test'],
        ['icy-pub', '0'],
        ['icy-br', '128'],
      ]),
    );
    expect(list).toMatchObject({ fragments: [1, 2], icyint: 100, sourceGeneration: 5 });
  });

  it('is read again byte by byte, whatever the cut and the interval', () => {
    const options = {
      fragmentBytes: fc.option(fc.integer({ min: 20, max: 700 }), { nil: undefined }),
      metadataInterval: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 })),
    };
    const titles = fc.array(fc.option(fc.nat({ max: 249 }), { nil: undefined }), { minLength: 1, maxLength: 20 });
    const skip = fc.nat({ max: 30 });
    fc.assert(
      fc.property(fc.record(options), titles, skip, (overrides, offsets, first) => {
        const store = makeStore(overrides);
        const source = new FragmentSource();
        for (const [index, offset] of offsets.entries()) {
          const metadata = offset === undefined ? [] : [{ offset, metadata: { title: `Title ${index}` } }];
          store.append(counting(source, { metadata }));
        }
        store.evictBefore(first);
        const sessions = readAll(store);
        if (sessions.length > 16) expect(firstBreak(sessions.bytes)).toBe(-1);
        if (overrides.fragmentBytes === undefined && first === 0) expect(sessions.length).toBe(offsets.length * 250);
        expect(sessions.causes).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('cuts fragments of exactly the bytes that are asked', () => {
    const store = makeStore({ fragmentBytes: 64 });
    const source = new FragmentSource();
    for (let count = 0; count < 10; count++) store.append(counting(source));
    expect(store.numbers.every((number) => dataOf(store, number).length === 64)).toBe(true);
    expect(store.numbers.length).toBe(Math.floor((2500 + 24) / 64));
  });

  it('keeps the newest fragments: so many, or those of the stream’s buffer', () => {
    const few = makeStore({ maxFragments: 3 });
    const all = makeStore();
    const source = new FragmentSource();
    for (let count = 0; count < 10; count++) {
      const fragment = counting(source);
      few.append(fragment);
      all.append(fragment);
    }
    expect(few.numbers).toEqual([8, 9, 10]);
    expect(few.get(7)).toBeUndefined();
    all.evictBefore(6);
    expect(all.numbers).toEqual([6, 7, 8, 9, 10]);
    all.evictBefore(99);
    expect(all.numbers).toEqual([]);
    // An empty store of a source that runs, as the original tells it: not the end of the run.
    expect(listOf(all)).toMatchObject({ fragments: [], icyint: 100 });
  });

  it('says that there is no stream yet', () => {
    expect(listOf(makeStore())).toMatchObject({ fragments: [], icyint: -1, sourceGeneration: 5, headers: new Map() });
  });

  it('goes on over a restart of the source and tells of it', () => {
    const store = makeStore();
    const source = new FragmentSource();
    store.append(counting(source));
    const other = testFormat({ sampleRate: 48_000 });
    const discontinuity = { cause: 'source-restart', lostMs: 40 } as const;
    store.append(counting(source, { format: other, discontinuity }));
    const list = listOf(store);
    expect(list).toMatchObject({ fragments: [1, 2], sourceGeneration: 5 });
    expect(list.discontinuities).toEqual(new Map([[2, discontinuity]]));
    const sessions = readAll(store);
    expect(sessions.continuities).toEqual(['new']);
    expect(sessions.events).toContainEqual({ at: 250, kind: 'discontinuity', ...discontinuity });
    expect(firstBreak(sessions.bytes)).toBe(-1);
  });

  it('begins another source run when the content type changes', () => {
    const store = makeStore();
    const source = new FragmentSource();
    store.append(counting(source));
    store.append(counting(source, { format: testFormat({ contentType: 'audio/aac', codec: 'aac' }) }));
    expect(listOf(store, 1)).toMatchObject({ fragments: [1], sourceGeneration: 5 });
    expect(listOf(store, 2)).toMatchObject({ fragments: [2], sourceGeneration: 6 });
    const sessions = readAll(store);
    expect(sessions.continuities).toEqual(['new', 'new']);
    expect(sessions.length).toBe(500);
  });

  it('gives Ogg its header pages in the stream and to those who join, and no metadata inside', () => {
    const page = (flags: number, sequence: number, body: string) => oggPage(Buffer.from(body), { flags, sequence });
    const headers = Buffer.concat([page(2, 0, 'identification'), page(0, 1, 'comment and setup')]);
    const format = testFormat({ contentType: 'application/ogg', codec: 'vorbis', headers });
    const source = new FragmentSource(format);
    const store = makeStore();
    const pages = Array.from({ length: 5 }, (_, index) => page(0, index + 2, `audio ${index}`));
    for (const data of pages) store.append({ ...source.next(), data, openingMetadata: { title: 'In the comment' } });
    expect(listOf(store)).toMatchObject({ icyint: 0, icyOffsets: new Map(), title: Buffer.alloc(0) });
    // Only the polling protocols need the header pages in the list.
    expect(listOf(store).oggHeader).toEqual(Buffer.alloc(0));
    expect(decodeStoreList(store.pollList(store.nextNumber - 1)).oggHeader).toEqual(headers);
    expect(readAll(store).bytes).toEqual(Buffer.concat([headers, ...pages]));
    store.evictBefore(3);
    const joined = readAll(store);
    expect(joined.bytes).toEqual(Buffer.concat([headers, ...pages.slice(2)]));
    expect(joined.titles).toEqual([]);
  });
});
