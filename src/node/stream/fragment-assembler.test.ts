import { describe, expect, it } from 'vitest';
import { patternBytes, testFormat } from '../../../test/support/frames.ts';
import type { AudioItem } from '../../core/audio-item.ts';
import type { Fragment } from '../../core/fragment.ts';
import { FragmentAssembler } from './fragment-assembler.ts';

const format = testFormat();
const opaque = testFormat({ codec: 'opaque' });

function setUp(utcMs = () => 1_000_000) {
  const fragments: Fragment[] = [];
  const assembler = new FragmentAssembler({
    fragmentMs: 500,
    epoch: 'e0',
    utcMs,
    emit: (fragment) => fragments.push(fragment),
  });
  let at = 0;
  const frame = (overrides: Partial<AudioItem> = {}, bytes = 100): AudioItem => {
    const data = patternBytes(at, at + bytes);
    at += bytes;
    return { data, durationUs: 26_000, format, metadata: undefined, discontinuity: undefined, ...overrides };
  };
  return { assembler, fragments, frame };
}

describe('FragmentAssembler', () => {
  it('cuts at frame borders when the length is reached', () => {
    const { assembler, fragments, frame } = setUp();
    for (let index = 0; index < 40; index++) assembler.push(frame());
    expect(fragments.map(({ sequence, durationUs, data }) => [sequence, durationUs, data.length])).toEqual([
      [1, 520_000, 2000],
      [2, 520_000, 2000],
    ]);
    expect(fragments[1]).toMatchObject({ mediaTimeUs: 520_000, generation: 1, discontinuity: undefined });
    expect(fragments[1]!.frameOffsets).toEqual(Array.from({ length: 20 }, (_, index) => index * 100));
    expect(Buffer.concat(fragments.map(({ data }) => data))).toEqual(patternBytes(0, 4000));
  });

  it('tells where in its run each item will lie', () => {
    const { assembler, fragments, frame } = setUp();
    const relayed = frame({ origin: { epoch: 'far', byte: 7000 } });
    const items = [frame(), relayed, frame(), frame({}, 50), frame()];
    const placed = [...assembler.placed(items.slice(0, 3)), undefined];
    for (const item of items.slice(0, 3)) assembler.push(item);
    placed.splice(3, 1, ...assembler.placed(items.slice(3)));
    for (const item of items.slice(3)) assembler.push(item);
    assembler.flush();
    expect(placed.map((item) => item?.origin)).toEqual([
      { epoch: 'e0', byte: 0 },
      { epoch: 'far', byte: 7000 },
      { epoch: 'e0', byte: 100 },
      { epoch: 'e0', byte: 200 },
      { epoch: 'e0', byte: 250 },
    ]);
    expect(placed[1]).toBe(relayed);
    expect(fragments.map(({ originEpoch, originByte }) => [originEpoch, originByte])).toEqual([
      ['e0', 0],
      ['far', 7000],
      ['e0', 100],
    ]);
  });

  it('ends a fragment where the format or the run changes, and counts generations', () => {
    const { assembler, fragments, frame } = setUp();
    assembler.push(frame());
    assembler.push(frame({ format: testFormat({ sampleRate: 48_000 }) }));
    const discontinuity = { cause: 'source-restart', lostMs: undefined } as const;
    assembler.push(frame({ discontinuity }));
    assembler.flush();
    expect(fragments.map(({ generation, discontinuity: why }) => [generation, why?.cause])).toEqual([
      [1, undefined],
      [1, undefined],
      [2, 'source-restart'],
    ]);
  });

  it('cuts opaque bytes anywhere', () => {
    const { assembler, fragments, frame } = setUp();
    assembler.push(frame({ format: opaque, durationUs: 1_250_000 }, 20_000));
    assembler.flush();
    expect(fragments.map(({ data }) => data.length)).toEqual([8000, 8000, 4000]);
    expect(fragments.every(({ frameOffsets }) => frameOffsets.length === 0)).toBe(true);
    expect(Buffer.concat(fragments.map(({ data }) => data))).toEqual(patternBytes(0, 20_000));
  });

  it('marks a title at its frame and carries it on', () => {
    const { assembler, fragments, frame } = setUp();
    const one = { title: 'One' };
    const two = { title: 'Two' };
    assembler.push(frame({ metadata: one }));
    for (let index = 0; index < 30; index++) assembler.push(frame({ metadata: index === 4 ? two : undefined }));
    assembler.flush();
    expect(fragments[0]!.metadata).toEqual([
      { offset: 0, metadata: one },
      { offset: 500, metadata: two },
    ]);
    expect(fragments[1]).toMatchObject({ metadata: [], openingMetadata: two });
  });

  it('keeps few titles and few parts of a source that sends one with each byte', () => {
    const { assembler, fragments, frame } = setUp();
    for (let index = 0; index < 10_000; index++) {
      assembler.push(frame({ format: opaque, durationUs: 1, metadata: { title: `${index}` } }, 1));
    }
    expect(assembler.pending.length).toBeLessThanOrEqual(4096);
    assembler.flush();
    expect(fragments.map(({ data }) => data)).toEqual([patternBytes(0, 10_000)]);
    expect(fragments[0]!.metadata).toHaveLength(2);
    expect(fragments[0]!.metadata.at(-1)).toEqual({ offset: 9999, metadata: { title: '9999' } });
  });

  it('keeps the time line even while arrival jitters, and sets it anew after a pause', () => {
    let nowMs = 1_000_000;
    const { assembler, fragments, frame } = setUp(() => nowMs);
    for (let index = 0; index < 40; index++) {
      nowMs += index % 7 === 0 ? 100 : 17;
      assembler.push(frame());
    }
    expect(fragments[1]!.startTimeUs - fragments[0]!.startTimeUs).toBe(520_000);
    nowMs += 60_000;
    for (let index = 0; index < 20; index++) assembler.push(frame());
    expect(fragments[2]!.startTimeUs).toBe(nowMs * 1000 - 520_000);
  });

  it('does not gather without end what lasts no time', () => {
    const { assembler, fragments, frame } = setUp();
    for (let index = 0; index < 40; index++) assembler.push(frame({ durationUs: 1 }, 65_000));
    expect(fragments).toHaveLength(2);
    expect(fragments[0]!.data.length).toBeLessThan(1.1 * 2 ** 20);
  });

  it('keeps one object for a title that is told again, so that listeners stay together', () => {
    const { assembler, fragments, frame } = setUp();
    for (let index = 0; index < 40; index++) assembler.push(frame({ metadata: { title: 'Same' } }));
    expect(fragments.map(({ metadata }) => metadata.length)).toEqual([1, 0]);
    expect(fragments[1]!.openingMetadata).toBe(fragments[0]!.metadata[0]!.metadata);
  });
});
