import type { TakeTrack } from '../../src/tracks/proof/take-schema.ts';

/** A track of an account of a take, without gaps and not yet proven. */
export function takeTrack(part: Partial<TakeTrack>): TakeTrack {
  return {
    name: 'drums',
    encoding: 'L16',
    sampleRate: 48_000,
    channels: 1,
    offsetFrames: null,
    gaps: [],
    gapsAreExact: true,
    packets: {},
    verdict: { kind: 'unproven', words: '' },
    ...part,
  };
}
