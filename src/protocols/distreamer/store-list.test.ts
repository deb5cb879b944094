import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { MessageDecoder } from './message-codec.ts';
import { decodeStoreList, encodeStoreList, type StoreList } from './store-list.ts';

function recordedLists(name: string): Buffer[] {
  const lists: Buffer[] = [];
  new MessageDecoder().push(distreamerCapture(name), (message) => {
    if (message.action === 'list') lists.push(message.data);
  });
  return lists;
}

const plain = {
  fragmentslist: [1],
  icyint: 0,
  icylist: {},
  icyheaders: {},
  icytitle: '',
  sourcegen: 1,
};

describe('the list of a store', () => {
  it('is read as the original writes it', () => {
    const list = decodeStoreList(recordedLists('persserver-persclient-meta-yes-1.server')[0]!);
    expect(list.fragments).toEqual([6, 7, 8, 9, 10]);
    expect(list.icyint).toBe(4000);
    expect(list.icyOffsets.get(6)).toEqual([3685]);
    expect(list.headers).toEqual(
      new Map([
        ['content-type', 'audio/mpeg'],
        ['icy-name', 'netlab pattern'],
        ['icy-pub', '0'],
        ['icy-br', '128'],
      ]),
    );
    expect(list.title.toString('latin1')).toBe(`StreamTitle='block 199';${'\0'.repeat(8)}`);
    expect(list.sourceGeneration).toBe(1);
  });

  it('is read and written again as the same JSON', () => {
    for (const name of ['meta-yes-1', 'meta-yes-2', 'meta-no-3', 'ogg-icy-1']) {
      for (const recorded of recordedLists(`persserver-persclient-${name}.server`)) {
        const again = encodeStoreList(decodeStoreList(recorded));
        expect(decodeStoreList(again)).toEqual(decodeStoreList(recorded));
        const { icyheaders: ours, ...rest } = JSON.parse(again.toString());
        const { icyheaders: theirs, ...recordedRest } = JSON.parse(recorded.toString());
        expect(rest).toEqual(recordedRest);
        expect(Object.keys(ours).length).toBe(Object.keys(theirs).length);
      }
    }
  });

  it('breaks base64 after 76 characters and ends it with a newline', () => {
    const title = Buffer.alloc(112, 0x41);
    const list = { ...decodeStoreList(Buffer.from(JSON.stringify(plain))), title };
    const { icytitle } = JSON.parse(encodeStoreList(list).toString());
    const lines = (icytitle as string).split('\n');
    expect(lines.map((line) => line.length)).toEqual([76, 76, 0]);
    expect(decodeStoreList(encodeStoreList(list)).title).toEqual(title);
  });

  it('carries discontinuities only when there are some', () => {
    const list: StoreList = decodeStoreList(Buffer.from(JSON.stringify(plain)));
    expect(JSON.parse(encodeStoreList(list).toString())).not.toHaveProperty('discontinuities');
    const discontinuities = new Map([[1, { cause: 'line-loss', lostMs: 250 } as const]]);
    expect(decodeStoreList(encodeStoreList({ ...list, discontinuities })).discontinuities).toEqual(discontinuities);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['no object', '[]'],
    ['null', 'null'],
    ['descending numbers', { ...plain, fragmentslist: [2, 1] }],
    ['a number twice', { ...plain, fragmentslist: [2, 2] }],
    ['a fraction', { ...plain, fragmentslist: [1.5] }],
    ['too many numbers', { ...plain, fragmentslist: Array.from({ length: 65_537 }, (_, at) => at) }],
    ['no numbers', { ...plain, fragmentslist: undefined }],
    ['an absurd icyint', { ...plain, icyint: 2 ** 21 }],
    ['an icyint below -1', { ...plain, icyint: -2 }],
    ['a key that is no number', { ...plain, icylist: { x: [] } }],
    ['offsets that are none', { ...plain, icylist: { 1: [-1] } }],
    ['a header that is no text', { ...plain, icyheaders: { 'icy-br': 128 } }],
    ['a title that is no text', { ...plain, icytitle: 7 }],
    ['a title above 4,080 bytes', { ...plain, icytitle: Buffer.alloc(4081).toString('base64') }],
    ['Ogg header pages that are no text', { ...plain, oggheader: 5 }],
    ['endless Ogg header pages', { ...plain, oggheader: 'A'.repeat(3 * 2 ** 20) }],
    ['an unknown cause', { ...plain, discontinuities: { 1: { cause: 'aliens' } } }],
  ])('with %s is refused', (_, json) => {
    const bytes = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
    expect(() => decodeStoreList(bytes)).toThrow(ProtocolViolation);
  });

  it('takes names such as __proto__ for what they are', () => {
    const text = JSON.stringify(plain).replace('"icyheaders":{}', '"icyheaders":{"__proto__":"x"}');
    expect(decodeStoreList(Buffer.from(text)).headers.get('__proto__')).toBe('x');
  });

  it('made of random JSON ends in a list or a violation', () => {
    const near = fc.record({
      fragmentslist: fc.oneof(fc.array(fc.nat()), fc.jsonValue()),
      icyint: fc.oneof(fc.integer(), fc.jsonValue()),
      icylist: fc.oneof(fc.dictionary(fc.string(), fc.array(fc.nat())), fc.jsonValue()),
      icyheaders: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
      icytitle: fc.oneof(fc.string(), fc.jsonValue()),
      sourcegen: fc.oneof(fc.integer(), fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (json) => {
        try {
          decodeStoreList(Buffer.from(JSON.stringify(json)));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 200 },
    );
  });
});
