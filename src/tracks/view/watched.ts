import type { TrackSession } from './schema.ts';

/** Tracks that belong together and can be looked at while they run. */
export interface WatchedTracks {
  /** Unique within the program. */
  readonly id: string;
  /** All but the levels. Cheap; asked for about twice a second while somebody looks. */
  view(): TrackSession;
  /** Whether levels are to be measured from now on: only while somebody looks. */
  watch(isWatched: boolean): void;
  /**
   * Adds the next 50 ms of levels to a list, `LEVEL_FIELDS` numbers for each channel of each track, in their order.
   * Asked for `LEVELS_PER_SECOND` times a second while it is watched.
   */
  takeLevels(into: number[]): void;
}

/** Where a node's tracks come from beside its own streams. */
export interface TracksSource {
  /** What runs now. */
  sessions(): readonly WatchedTracks[];
}
