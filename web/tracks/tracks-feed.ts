import { signal } from '@preact/signals';
import type { TrackSession, TracksSnapshot } from '../../src/tracks/view/schema.ts';
import { follow } from '../follow.ts';
import { MeterBoard } from './meter-board.ts';

/** The newest view by the name of the session; undefined until the first. */
export const sessions = signal<Readonly<Record<string, TrackSession>> | undefined>(undefined);
/** The node does not show its tracks to this reader. */
export const tracksRefused = signal(false);
/** The levels of all tracks. */
export const board = new MeterBoard();

/** Follows the tracks and their levels until the answer is called. */
export function followTracks(): () => void {
  return follow<TracksSnapshot>('api/v1/tracks', tracksRefused, {
    onView: (view) => {
      sessions.value = view.sessions;
    },
    others: { meters: (data) => board.take(data as Record<string, readonly number[]>, sessions.value ?? {}) },
    onRest: () => board.rest(),
  });
}
