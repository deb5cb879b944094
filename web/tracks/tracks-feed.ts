/**
 * The tracks of the node as they change, with their levels; followed while their page is open and seen.
 * @module
 */
import { signal } from '@preact/signals';
import type { TrackSession, TracksSnapshot } from '../../src/tracks/view/schema.ts';
import { ApiError, getJson } from '../api.ts';
import { mergePatch } from '../merge-patch.ts';
import { href } from '../routing.ts';
import { MeterBoard } from './meter-board.ts';

const RETRY_MS = 4000;

/** The newest view by the name of the session; undefined until the first. */
export const sessions = signal<Readonly<Record<string, TrackSession>> | undefined>(undefined);
/** The node does not show its tracks to this reader. */
export const tracksRefused = signal(false);
/** The levels of all tracks. */
export const board = new MeterBoard();

/** Follows the tracks until the answer is called. */
export function followTracks(): () => void {
  const follower = new TracksFollower();
  return () => follower.stop();
}

class TracksFollower {
  #source: EventSource | undefined;
  #held: TracksSnapshot | undefined;
  #timer: number | undefined;
  readonly #onVisibility = () => (document.visibilityState === 'hidden' ? this.#close() : this.#open());

  constructor() {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#open();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#close();
  }

  #open(): void {
    this.#close();
    const source = new EventSource(href('api/v1/tracks/events'));
    this.#source = source;
    const on = (name: string, take: (data: unknown) => void) =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
    on('snapshot', (data) => this.#keep(data as TracksSnapshot));
    on('delta', (data) => this.#held && this.#keep(mergePatch(this.#held, data) as TracksSnapshot));
    on('meters', (data) => board.take(data as Record<string, readonly number[]>, sessions.value ?? {}));
    source.onerror = () => {
      this.#held = undefined;
      board.rest();
      // A refusal ends the source for good; a lost connection is tried again by the browser.
      if (source.readyState === EventSource.CLOSED) void this.#askWhy();
    };
  }

  async #askWhy(): Promise<void> {
    try {
      this.#keepSessions(await getJson<TracksSnapshot>('api/v1/tracks'));
    } catch (error) {
      tracksRefused.value = error instanceof ApiError && error.status === 401;
    }
    clearTimeout(this.#timer);
    if (this.#source) this.#timer = window.setTimeout(() => this.#open(), RETRY_MS * (0.75 + Math.random() / 2));
  }

  #keep(snapshot: TracksSnapshot): void {
    this.#held = snapshot;
    this.#keepSessions(snapshot);
  }

  #keepSessions(snapshot: TracksSnapshot): void {
    tracksRefused.value = false;
    sessions.value = snapshot.sessions;
  }

  #close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#held = undefined;
    clearTimeout(this.#timer);
    board.rest();
  }
}
