import type { PcmFormat } from '../types.ts';

/** A track's length, in its own sample frames. */
export interface TrackLength {
  readonly format: PcmFormat;
  readonly frames: number;
}

/** The length of a session at each sample rate of its tracks: as long as the longest track, rounded up to a frame. */
export function sessionLengths(tracks: readonly TrackLength[]): ReadonlyMap<number, number> {
  const longest = tracks.reduce((one, other) => (secondsOf(other) > secondsOf(one) ? other : one));
  return new Map(
    tracks.map(({ format: { sampleRate } }) => {
      const exact = BigInt(longest.frames) * BigInt(sampleRate);
      const rate = BigInt(longest.format.sampleRate);
      return [sampleRate, Number((exact + rate - 1n) / rate)];
    }),
  );
}

function secondsOf({ format, frames }: TrackLength): number {
  return frames / format.sampleRate;
}
