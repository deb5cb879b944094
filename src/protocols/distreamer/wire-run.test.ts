import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { recordingWireSink } from '../../../test/support/recording-wire-sink.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { encodeMetadataBlock } from '../icy/metadata-block.ts';
import { encodeStoreList, type StoreList } from './store-list.ts';
import { WireReader } from './wire-reader.ts';

/** A reader and what it gave, fed by hand. */
class Receiver {
  readonly reader = new WireReader();
  readonly sessions = new RecordingSessions();

  constructor() {
    this.connect();
  }

  connect(): this {
    this.sessions.close();
    this.reader.connect(recordingWireSink(this.sessions));
    return this;
  }

  fragment(number: number, text: string | Buffer = `<${number}>`): this {
    this.reader.push({ action: 'fragment', number, data: Buffer.from(text) });
    return this;
  }

  list(fragments: number[], overrides: Partial<StoreList> = {}): this {
    const list: StoreList = {
      fragments,
      icyint: 0,
      icyOffsets: new Map(),
      headers: new Map([['content-type', 'audio/mpeg']]),
      title: Buffer.alloc(0),
      sourceGeneration: 1,
      discontinuities: new Map(),
      oggHeader: Buffer.alloc(0),
      ...overrides,
    };
    this.reader.push({ action: 'list', data: encodeStoreList(list) });
    return this;
  }

  get text(): string {
    return this.sessions.bytes.toString('latin1');
  }
}

const title = (text: string) => encodeMetadataBlock({ title: text });

describe('a reader', () => {
  it('waits for the list and gives the fragments in order', () => {
    const receiver = new Receiver().fragment(3).fragment(2);
    expect(receiver.sessions.events).toEqual([]);
    expect(receiver.list([2, 3]).text).toBe('<2><3>');
    expect(receiver.fragment(4).text).toBe('<2><3>');
    expect(receiver.list([3, 4]).reader.heldNumbers).toEqual([3, 4]);
  });

  it('keeps what the list does not name yet, and takes what the sender dropped just before it', () => {
    const receiver = new Receiver().fragment(1).list([1]).fragment(2).fragment(3).fragment(4);
    expect(receiver.list([3]).text).toBe('<1><2><3>');
    expect(receiver.list([4]).text).toBe('<1><2><3><4>');
    expect(receiver.sessions.causes).toEqual([]);
  });

  it('drops what came before the first named fragment when it joins', () => {
    expect(new Receiver().fragment(1).fragment(2).list([2]).text).toBe('<2>');
  });

  it('tells of an eviction on one connection and of a loss over two', () => {
    const receiver = new Receiver().fragment(1).list([1]).fragment(4).list([4]);
    receiver.connect().fragment(9).list([9]);
    expect(receiver.sessions.causes).toEqual(['eviction', 'line-loss']);
    expect(receiver.sessions.continuities).toEqual(['new', 'exact']);
    expect(receiver.reader.counters).toMatchObject({ fragmentsMissing: 6, gaps: 2 });
  });

  it('opens its session with the first list of a connection although nothing is new', () => {
    const receiver = new Receiver().fragment(1).list([1]).connect().list([1]);
    expect(receiver.sessions.isOpen).toBe(true);
    expect(receiver.sessions.continuities).toEqual(['new', 'exact']);
  });

  it('gives the end of a source run before the next one begins', () => {
    const receiver = new Receiver().fragment(1).list([1]).fragment(2).fragment(3, 'new');
    receiver.list([3], { sourceGeneration: 2 });
    expect(receiver.text).toBe('<1><2>new');
    expect(receiver.sessions.events.map(({ kind, at }) => `${kind} ${at}`)).toEqual(['open 0', 'end 6', 'open 6']);
    expect(receiver.sessions.continuities).toEqual(['new', 'new']);
  });

  it.each([
    ['numbers go back', (receiver: Receiver) => receiver.fragment(1, 'new').list([1]), 'new'],
    [
      'numbers mean other bytes',
      (receiver: Receiver) => receiver.fragment(7, 'x').fragment(8, 'new').list([7, 8]),
      'xnew',
    ],
    [
      'the content type differs',
      (receiver: Receiver) => receiver.fragment(8, 'new').list([8], { headers: new Map() }),
      'new',
    ],
    [
      'the interval differs',
      (receiver: Receiver) => receiver.fragment(8, 'new').list([8], { icyint: 99, icyOffsets: new Map([[9, [50]]]) }),
      'new',
    ],
  ])('takes it for another source when %s', (_, next, given) => {
    const receiver = new Receiver().fragment(6).fragment(7).list([6, 7]).connect();
    next(receiver);
    expect(receiver.text).toBe(`<6><7>${given}`);
    expect(receiver.sessions.continuities).toEqual(['new', 'new']);
  });

  it('ends the session when there is no stream any more', () => {
    const receiver = new Receiver().fragment(1).list([1]).list([], { icyint: -1 });
    expect(receiver.sessions.isOpen).toBe(false);
    expect(receiver.reader.heldNumbers).toEqual([]);
  });

  it('tells the discontinuities of the list, but not at the place where it joins', () => {
    const breaks = { discontinuities: new Map([2, 3].map((n) => [n, { cause: 'corrupt', lostMs: n } as const])) };
    const receiver = new Receiver().fragment(2).fragment(3).list([2, 3], breaks);
    expect(receiver.sessions.events).toContainEqual({ at: 3, kind: 'discontinuity', cause: 'corrupt', lostMs: 3 });
    expect(receiver.sessions.causes.length).toBe(1);
  });

  it('takes the title from the list when the fragments carry none', () => {
    const receiver = new Receiver().fragment(1).list([1], { title: title('One').subarray(1) });
    receiver.fragment(2).list([2], { title: title('One').subarray(1) });
    receiver.fragment(3).list([3], { title: title('Two').subarray(1) });
    expect(receiver.sessions.titles).toEqual([
      { at: 0, title: 'One' },
      { at: 6, title: 'Two' },
    ]);
  });

  it('waits with a join until the list tells where metadata stands', () => {
    const receiver = new Receiver().fragment(1, '123').list([1], { icyint: 5 });
    expect(receiver.text).toBe('');
    receiver.fragment(2, '45\x006').list([1, 2], { icyint: 5, icyOffsets: new Map([[2, [2]]]) });
    expect(receiver.text).toBe('123456');
  });

  it('leaves the rest of a block out when it joins inside one', () => {
    const bytes = Buffer.concat([title('A').subarray(7), Buffer.from('12345\x0067890')]);
    const offsets = new Map([[1, [bytes.indexOf(0, bytes.indexOf('5'))]]]);
    const receiver = new Receiver().fragment(1, bytes).list([1], { icyint: 5, icyOffsets: offsets });
    expect(receiver.text).toBe('1234567890');
  });

  it('counts anew where the list contradicts its count, and says so', () => {
    const receiver = new Receiver()
      .fragment(1, '12345\x0067')
      .list([1], { icyint: 5, icyOffsets: new Map([[1, [5]]]) });
    receiver.fragment(2, 'abcd\x00e').list([1, 2], { icyint: 5, icyOffsets: new Map([[2, [4]]]) });
    expect(receiver.text).toBe('1234567abcde');
    expect(receiver.sessions.causes).toEqual(['corrupt']);
  });

  it('refuses offsets that no stream can have', () => {
    const receiver = new Receiver().fragment(1, Buffer.alloc(5000));
    expect(() => receiver.list([1], { icyint: 5, icyOffsets: new Map([[1, [4500]]]) })).toThrow(ProtocolViolation);
    const other = new Receiver().fragment(1, Buffer.alloc(5000));
    expect(() => other.list([1], { icyint: 5 })).toThrow(ProtocolViolation);
  });

  it('holds a bounded amount without a list', () => {
    const receiver = new Receiver();
    const large = Buffer.alloc(8 * 2 ** 20);
    expect(() => {
      for (let number = 0; number < 9; number++) receiver.reader.push({ action: 'fragment', number, data: large });
    }).toThrow(ProtocolViolation);
  });

  it('keeps its contract whatever a server sends', () => {
    const number = fc.integer({ min: 0, max: 12 });
    const list = fc.record({
      fragments: fc.uniqueArray(number).map((numbers) => numbers.sort((a, b) => a - b)),
      icyint: fc.constantFrom(-1, 0, 3),
      sourceGeneration: fc.constantFrom(1, 1, 1, 2),
      title: fc.constantFrom(title('T').subarray(1), Buffer.alloc(0)),
      icyOffsets: fc
        .uniqueArray(fc.tuple(number, fc.constant([1, 5])), { selector: ([at]) => at })
        .map((all) => new Map(all)),
    });
    const step = fc.oneof(number, number, list, fc.constant('connect' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const receiver = new Receiver();
        try {
          for (const next of steps) {
            if (next === 'connect') receiver.connect();
            else if (typeof next === 'number') receiver.fragment(next);
            else receiver.list(next.fragments, next);
          }
        } catch (error) {
          if (!(error instanceof ProtocolViolation)) throw error;
        }
        const held = receiver.reader.heldNumbers;
        expect(held).toEqual([...held].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});
