import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternBytes } from '../../../test/support/frames.ts';
import { takeApart } from '../../../test/support/listener-hub-rig.ts';
import { type IcyTrack, interleaveBatch } from './icy-track.ts';
import type { WireBatch } from './wire-batch.ts';

const batch = (from: number, to: number, overrides: Partial<WireBatch> = {}): WireBatch => ({
  data: patternBytes(from, to),
  opening: undefined,
  marks: [],
  format: undefined,
  ...overrides,
});

describe('interleaveBatch', () => {
  it('puts the title of its byte into the first block, and into each where it changed', () => {
    const track: IcyTrack = { metaint: 100, position: 0, shown: undefined };
    const one = { title: 'one' };
    const two = { title: 'two' };
    const parts = [
      interleaveBatch(batch(0, 250, { opening: one }), track),
      interleaveBatch(batch(250, 600, { opening: one, marks: [{ offset: 50, metadata: two }] }), track),
    ];
    const { audio, titles } = takeApart(Buffer.concat(parts), 100);
    expect(audio).toEqual(patternBytes(0, 600));
    expect(titles).toEqual([
      { at: 100, title: 'one' },
      { at: 300, title: 'two' }, // the block at 300 tells the title of byte 300
    ]);
    expect(track).toEqual({ metaint: 100, position: 100, shown: two });
  });

  it('sends empty blocks while nothing is known', () => {
    const track: IcyTrack = { metaint: 10, position: 0, shown: undefined };
    const bytes = interleaveBatch(batch(0, 25), track);
    expect([bytes.length, bytes[10], bytes[21]]).toEqual([27, 0, 0]);
  });

  it('counts alike however the audio is cut', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 12 }),
        (metaint, lengths) => {
          const opening = { title: 'same' };
          const cut: IcyTrack = { metaint, position: 0, shown: undefined };
          let at = 0;
          const parts = lengths.map((length) => {
            at += length;
            return interleaveBatch(batch(at - length, at, { opening }), cut);
          });
          const whole: IcyTrack = { metaint, position: 0, shown: undefined };
          expect(Buffer.concat(parts)).toEqual(interleaveBatch(batch(0, at, { opening }), whole));
          expect(cut).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    );
  });
});
