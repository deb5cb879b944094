import { describe, expect, it } from 'vitest';
import { takeTrack } from '../../../test/support/take-track.ts';
import type { TakeTrack } from '../proof/take-schema.ts';
import { isAlike, isWhole, type KnownSession, sessionsOf, stretchesOf, withEarlier } from './track-sessions.ts';

const SHAPE = { sampleRate: 48_000, channels: 1, sampleBytes: 3 } as const;
const NEW: KnownSession = { session: 'new', flows: [{ ...SHAPE, ssrc: 8, timestamp: 500, frames: 9000 }] };
const OLD: KnownSession = { session: 'old', flows: [{ ...SHAPE, ssrc: 7, timestamp: 100, frames: 10 }] };

const RECORDED = { startFrame: 0, frames: 20_000, sha256: '', blocks: { frames: 65_536, first: 0, digests: [] } };
const track = (part: Partial<TakeTrack>) => takeTrack({ encoding: 'L24', recorded: RECORDED, ...part });
const run = (start: number, ssrc: number, timestamp: number) => ({ start, ssrc, timestamp });

describe('the sessions of a track', () => {
  it('end with their last packet and begin with their first frame, also when that was lost', () => {
    const restarted = track({
      runs: [run(0, 7, 148), run(12_000, 8, 700)],
      gaps: [[4000, 12, 'lost'] as const, [10_000, 2000, 'restart'] as const],
    });
    const expected = [
      { session: 'old', flow: 0, start: 0, end: 10_000, shift: 48 },
      { session: 'new', flow: 0, start: 11_800, end: 20_000, shift: -11_800 },
    ];
    expect(stretchesOf(restarted, [NEW, OLD])).toEqual(expected);
    // After a repair, too, when a part of the silence is filled.
    const repaired = { ...restarted, gaps: [[10_000, 1800, 'restart'] as const], gapsBeforeRepair: restarted.gaps };
    expect(stretchesOf(repaired, [NEW, OLD])).toEqual(expected);
    expect(isWhole(stretchesOf(restarted, [NEW, OLD]))).toBe(false);
  });

  it('do not overlap: the first frames of a session that began while the one before still came are not there', () => {
    const overlapping = track({ runs: [run(0, 7, 100), run(10_000, 8, 900)] });
    expect(stretchesOf(overlapping, [NEW, OLD]).map(({ start, end }) => [start, end])).toEqual([
      [0, 10_000],
      [10_000, 20_000],
    ]);
  });

  it('are one when a track is of one from its beginning on, whatever it has lost', () => {
    const plain = track({ runs: [run(480, 8, 1000)], gaps: [[0, 480, 'absent']] });
    expect(stretchesOf(plain, [NEW])).toEqual([{ session: 'new', flow: 0, start: 0, end: 20_000, shift: 20 }]);
    expect(isWhole(stretchesOf(plain, [NEW]))).toBe(true);
    expect(isWhole(stretchesOf(plain, [OLD]))).toBe(true);
    const late = track({ runs: [run(480, 8, 600)], gaps: [[0, 480, 'absent']] });
    expect(stretchesOf(late, [NEW])[0]).toMatchObject({ start: 380, shift: -380 });
    expect(isWhole(stretchesOf(late, [NEW]))).toBe(false);
  });

  it('that nobody knows begin with their first packet', () => {
    const unknown = track({ runs: [run(0, 7, 100), run(5000, 9, 1)], gaps: [[4000, 1000, 'restart']] });
    expect(stretchesOf(unknown, [NEW]).map(({ session, start, end }) => [session, start, end])).toEqual([
      [undefined, 0, 4000],
      [undefined, 5000, 20_000],
    ]);
  });
});

it('knows of earlier sessions what their senders have told', () => {
  const address = { host: '192.0.2.1', port: 40_000 };
  const before = [
    { ...address, session: 'new', flows: OLD.flows },
    { ...address, session: 'silent' },
    { ...address, session: 'old', flows: OLD.flows },
  ];
  expect(sessionsOf(NEW, before)).toEqual([NEW, OLD]);
  expect(isAlike(NEW.flows, OLD.flows)).toBe(true);
  expect(isAlike(NEW.flows, [{ ...OLD.flows[0]!, channels: 2 }])).toBe(false);
  expect(isAlike(NEW.flows, [])).toBe(false);
});

it('asks of an earlier session for no more than came of it', () => {
  const earlier = { session: 'old', flow: 0, start: 0, end: 4000, shift: 48 };
  expect(withEarlier(NEW.flows, [NEW, OLD], [earlier])).toEqual([
    NEW.flows[0],
    { ...SHAPE, ssrc: 7, timestamp: 100, frames: 4048 },
  ]);
});
