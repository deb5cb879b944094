import { describe, expect, it } from 'vitest';
import type { Fragment } from '../../core/fragment.ts';
import type { Frame } from '../../media/framer.ts';
import { opaqueFormat } from '../../media/opaque.ts';
import { pcmStreamFormat } from '../../media/pcm/stream-format.ts';
import { EncodedFragments } from './encoded-fragments.ts';

const pcm = pcmStreamFormat({ sampleRate: 48_000, channels: 1, bitsPerSample: 16, isFloat: false });
const encoded = { ...opaqueFormat('audio/mpeg'), codec: 'mp3' } as const;

/** Half a second of PCM; `titles` begin at parts of it. */
function source(sequence: number, titles: readonly [part: number, title: string][] = []): Fragment {
  return {
    generation: 1,
    sequence,
    data: Buffer.alloc(48_000),
    format: pcm,
    startTimeUs: sequence * 500_000,
    durationUs: 500_000,
    mediaTimeUs: (sequence - 1) * 500_000,
    frameOffsets: [0],
    metadata: titles.map(([part, title]) => ({ offset: part * 48_000, metadata: { title } })),
    openingMetadata: undefined,
    discontinuity: undefined,
    originEpoch: 'pcm',
    originByte: 0,
  };
}

const frames = (count: number): Frame[] =>
  Array.from({ length: count }, () => ({ data: Buffer.alloc(100), durationUs: 24_000, format: encoded }));

describe('EncodedFragments', () => {
  it('puts titles at the frame of their time, and counts on', () => {
    const fragments = new EncodedFragments('run');
    fragments.restart();
    fragments.taken(source(1, [[0, 'one']]));
    const first = fragments.given(frames(18))!;
    fragments.taken(source(2, [[0.5, 'two']]));
    const second = fragments.given(frames(21))!;
    expect(first.fragment.metadata).toEqual([{ offset: 0, metadata: { title: 'one' } }]);
    // 750 ms into the run: frame 32 of 24 ms is the first at or behind it, 14 of them in the second fragment.
    expect(second.fragment.metadata).toEqual([{ offset: 1400, metadata: { title: 'two' } }]);
    expect(second.fragment).toMatchObject({
      sequence: 2,
      mediaTimeUs: 18 * 24_000,
      originEpoch: 'run',
      originByte: 1800,
    });
    expect(second.items.map(({ metadata }) => metadata?.title)).toEqual([
      ...Array(14).fill('one'),
      ...Array(7).fill('two'),
    ]);
  });

  it('starts a fragment by as much earlier as the encoder is behind', () => {
    const fragments = new EncodedFragments('run');
    fragments.taken(source(1));
    fragments.given(frames(18));
    fragments.taken(source(2));
    expect(fragments.given(frames(21))!.fragment.startTimeUs).toBe(500_000 + 18 * 24_000);
  });

  it('gives nothing while the encoder holds all', () => {
    const fragments = new EncodedFragments('run');
    fragments.taken(source(1));
    expect(fragments.given([])).toBeUndefined();
  });

  it('passes on what is encoded already, and tells of what was lost before it', () => {
    const fragments = new EncodedFragments('run');
    fragments.lost({ cause: 'eviction', lostMs: undefined });
    const { fragment } = fragments.passed({ ...source(9), format: encoded });
    expect(fragment).toMatchObject({ sequence: 1, format: encoded, discontinuity: { cause: 'eviction' } });
  });
});
