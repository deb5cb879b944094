import { describe, expect, it } from 'vitest';
import { takeTrack } from '../../../test/support/take-track.ts';
import type { GapCause } from './gap-list.ts';
import { type PcmAccount, PcmHasher } from './pcm-hasher.ts';
import { proveTake } from './prove-take.ts';
import { renderTake } from './render-take.ts';
import { type Take, type TakeTrack, takeSchema } from './take-schema.ts';

const FORMAT = { sampleRate: 48_000, channels: 1, bitsPerSample: 16, isFloat: false } as const;
const LEAF = 65_536;
const FRAMES = LEAF * 4 + 1000;
const PCM = Buffer.alloc(FRAMES * 2);
for (let frame = 0; frame < FRAMES; frame++) PCM.writeUInt16LE((frame * 40_503) & 0xffff, frame * 2);

interface Faults {
  readonly from?: number;
  readonly until?: number;
  readonly startFrame?: number;
  readonly gaps?: readonly (readonly [start: number, end: number, cause: GapCause])[];
  /** Samples that arrive with a wrong value. */
  readonly wrong?: readonly number[];
}

function hashed({ from = 0, until = FRAMES, startFrame = from, gaps = [], wrong = [] }: Faults = {}) {
  const pcm = Buffer.from(PCM);
  for (const frame of wrong) pcm[frame * 2]! ^= 1;
  const hasher = new PcmHasher({ format: FORMAT, startFrame });
  let at = from;
  for (const [start, end, cause] of gaps) {
    hasher.push(pcm.subarray(at * 2, start * 2));
    hasher.gap(end - start, cause);
    at = end;
  }
  hasher.push(pcm.subarray(at * 2, until * 2));
  return { account: hasher.account(), gaps: hasher.gaps.entries() };
}

const track = (name: string, part: Partial<TakeTrack>) => takeTrack({ name, ...part });

function take(tracks: readonly TakeTrack[], clocks: Take['clocks'] = {}): Take {
  return {
    version: 1,
    session: { id: 'a1', name: 'Friday' },
    startUtc: '2026-11-21T09:30:15.250Z',
    clocks,
    tracks,
    verdict: { isIdentical: false, words: '' },
  };
}

const SENT: PcmAccount = hashed().account;
const sentTake = take([track('drums', { sent: SENT, packets: { sent: 5000 } })]);

function proven(faults: Faults, part: Partial<TakeTrack> = {}): TakeTrack {
  const { account, gaps } = hashed(faults);
  const result = proveTake(take([track('drums', { recorded: account, gaps, ...part })]), sentTake);
  expect(() => takeSchema.parse(JSON.parse(JSON.stringify(result)))).not.toThrow();
  return result.tracks[0]!;
}

describe('proveTake', () => {
  it('finds a recording identical', () => {
    const result = proven({});
    expect(result.verdict).toEqual({
      kind: 'identical',
      words: `identical: ${FRAMES} frames (0:00:05.482), sample for sample`,
    });
    expect(result).toMatchObject({ offsetFrames: 0, packets: { sent: 5000 }, sent: SENT });
  });

  it('tells the gaps, and what is proven beside them', () => {
    const result = proven({
      gaps: [
        [LEAF + 48, LEAF + 96, 'lost'],
        [LEAF + 144, LEAF + 240, 'late'],
      ],
    });
    expect(result.verdict).toEqual({
      kind: 'gaps',
      words:
        '2 gaps, 144 frames (3 ms) missing (lost on the network, came too late), first at 0:00:01.366; 196608 frames (0:00:04.096) proven identical',
    });
  });

  it('tells a gap after the last whole block, where nothing else differs', () => {
    expect(proven({ gaps: [[FRAMES - 10, FRAMES, 'ended']] }).verdict.kind).toBe('gaps');
  });

  it('finds a sample that differs though nothing is missing there', () => {
    const inBlock = proven({ wrong: [LEAF * 2 + 5], gaps: [[10, 20, 'lost']] });
    expect(inBlock.verdict).toEqual({
      kind: 'differs',
      words: 'differs: between 0:00:02.730 and 0:00:04.096, where nothing is known to be missing',
    });
    const several = proven({ wrong: [5, LEAF + 5, LEAF * 3 + 5] });
    expect(several.verdict.words).toContain('between 0:00:00.000 and 0:00:02.730, and in 1 other places');
    const afterBlocks = proven({ wrong: [FRAMES - 1] });
    expect(afterBlocks.verdict.words).toContain('between 0:00:05.461 and 0:00:05.482');
  });

  it('finds a recording that is at another place', () => {
    const result = proven({ startFrame: 48 });
    expect(result).toMatchObject({
      offsetFrames: 48,
      verdict: { kind: 'shifted', words: 'identical, but 48 frames (1 ms) too late' },
    });
  });

  it('proves a part by its blocks', () => {
    const late = proven({ from: 100 });
    expect(late).toMatchObject({ offsetFrames: 0, verdict: { kind: 'part' } });
    expect(late.verdict.words).toContain('196608 frames');
    expect(proven({ from: 100, until: 5000 }).verdict.kind).toBe('unproven');
    expect(proven({ until: LEAF * 3 + 1 }).verdict.kind).toBe('part');
    expect(proven({ until: LEAF * 3, wrong: [7] }).verdict.kind).toBe('differs');
  });

  it('does not call a track different whose sender was started again, of which an account tells the half', () => {
    const runs = [
      { start: 0, ssrc: 1, timestamp: 0 },
      { start: LEAF, ssrc: 2, timestamp: 0 },
    ];
    const result = proven({ gaps: [[LEAF - 48, LEAF, 'restart']], wrong: [LEAF * 2 + 5] }, { runs });
    expect(result).toMatchObject({ offsetFrames: null, verdict: { kind: 'unproven' } });
    expect(result.verdict.words).toContain('the sender was started again while it was recorded');
    expect(proven({ wrong: [LEAF * 2 + 5] }, { runs: runs.slice(1) }).verdict.kind).toBe('differs');
  });

  it('says when formats differ, a track is missing, or nothing is known of the sender', () => {
    expect(proven({}, { encoding: 'L24' }).verdict.words).toBe('differs: sent as L16/48000/1, recorded as L24/48000/1');
    const missing = proveTake(take([]), sentTake);
    expect(missing.tracks[0]?.verdict).toEqual({ kind: 'missing', words: 'was sent and not recorded' });
    const alone = proveTake(take([track('drums', { recorded: SENT, gaps: [[0, 48, 'absent']] })]), undefined);
    expect(alone.tracks[0]?.verdict.words).toBe(
      'not proven: the sender left no account of it; 1 gap, 48 frames (1 ms) missing (the track had not begun), first at 0:00:00.000',
    );
    expect(alone.verdict).toEqual({ isIdentical: false, words: expect.stringContaining('Nothing is proven') });
  });
});

describe('renderTake', () => {
  const lateness = { count: 1, p50Us: 20, p99Us: 190, p999Us: 900, maxUs: 3100, bins: [] };

  it('is short when all is well', () => {
    const recorded = take(
      [track('drums', { recorded: SENT, packets: { received: 5000, lost: 0, repaired: 12 }, lateness })],
      { recorder: { source: 'ntp', server: 'time.example', offsetMs: -1.25, errorBoundMs: 0.8 } },
    );
    const sender = take(sentTake.tracks, { sender: { source: 'local', offsetMs: null, errorBoundMs: null } });
    expect(renderTake(proveTake(recorded, sender))).toBe(
      [
        'The track is identical to what was sent, sample for sample.',
        'Packets: 5000 received, 0 lost, 0 late, 12 repaired, 0 duplicated, 0 reordered.',
        'Lateness of the worst track: p50 0.02 ms, p99 0.19 ms, p99.9 0.9 ms, max 3.1 ms.',
        'Clock of the sender: its own, not measured.',
        'Clock of the recorder: -1.25 ms from time.example (within 0.8 ms).',
        '',
      ].join('\n'),
    );
  });

  it('names the tracks that are not identical', () => {
    const { account, gaps } = hashed({ gaps: [[0, 48, 'lost']] });
    const tracks = Array.from({ length: 30 }, (_, index) => track(`stem ${index}`, { recorded: account, gaps }));
    const sent = take(tracks.map(({ name }) => track(name, { sent: SENT })));
    const text = renderTake(
      proveTake(take([...tracks, track('drums', { recorded: SENT })]), take([...sent.tracks, ...sentTake.tracks])),
    );
    expect(text.split('\n')[0]).toBe('30 of 31 tracks are not identical to what was sent.');
    expect(text).toContain('  stem 19: 1 gap, 48 frames (1 ms) missing (lost on the network), first at 0:00:00.000;');
    expect(text).toContain('  and 10 more\n');
    expect(text).not.toContain('stem 20');
  });

  it('tells which tracks are placed by arrival, and how far they can be off', () => {
    const placed = [undefined, 3.5, 7.25].map((arrivalErrorMs, index) =>
      track(`stem ${index}`, arrivalErrorMs === undefined ? {} : { arrivalErrorMs }),
    );
    expect(renderTake(take(placed))).toContain(
      '2 of 3 tracks are placed by the arrival of their first packet, as nothing told their clock: up to 7.25 ms too late, and what their ways differ.\n',
    );
    expect(renderTake(take(placed.slice(1)))).toContain('All 2 tracks are placed');
    expect(renderTake(take(placed.slice(2)))).not.toContain('placed');
  });

  it('keeps what a repair has proven in exactly the time of the take', () => {
    const { account } = hashed({ from: 1000 });
    const recorded = { ...account, blocks: { ...account.blocks, digests: [...account.blocks.digests] } };
    const verdict = { kind: 'excerpt', words: 'identical to what was sent meanwhile' } as const;
    const excerpt = track('a', { sent: recorded, recorded, verdict });
    const { account: other } = hashed();
    const sent = { ...other, blocks: { ...other.blocks, digests: [...other.blocks.digests] } };
    expect(proveTake(take([excerpt]), take([track('a', { sent })])).tracks).toEqual([excerpt]);
    expect(proveTake(take([excerpt]), take([track('b', { sent })])).tracks[0]).toEqual(excerpt);
  });
});
