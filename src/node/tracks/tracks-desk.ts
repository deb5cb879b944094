import type { TrackSession, TracksSnapshot } from '../../tracks/view/schema.ts';
import type { TracksSource, WatchedTracks } from '../../tracks/view/watched.ts';
import type { AudienceName } from '../events/feed-clients.ts';
import { isTrackStream, type MeteredStream, StreamMeter } from './stream-meter.ts';

/** Everything that has tracks on a node. */
export class TracksDesk {
  readonly #source: TracksSource | undefined;
  readonly #streams: () => readonly MeteredStream[];
  readonly #meters = new Map<MeteredStream, StreamMeter>();
  #watched: readonly WatchedTracks[] | undefined;

  /** @param source what the program around the node shows beside its streams */
  constructor(source: TracksSource | undefined, streams: () => readonly MeteredStream[]) {
    this.#source = source;
    this.#streams = streams;
  }

  /** All tracks as they are now, as that audience may see them. */
  snapshot(audience: AudienceName): TracksSnapshot {
    const sessions = this.#sessions().map((session) => {
      const view = session.view();
      return [session.id, audience === 'admin' ? view : publicForm(view)] as const;
    });
    return { sessions: Object.fromEntries(sessions) };
  }

  /** Begins or ends measuring; to be called again now and then, so that what has begun since is measured too. */
  watch(isWatched: boolean): void {
    const before = this.#watched ?? [];
    const now = isWatched ? this.#sessions() : [];
    for (const session of before) if (!now.includes(session)) session.watch(false);
    for (const session of now) if (!before.includes(session)) session.watch(true);
    this.#watched = isWatched ? now : undefined;
  }

  /** The next levels by session, of what is watched. */
  levels(): Record<string, readonly number[]> {
    const levels: Record<string, readonly number[]> = {};
    for (const session of this.#watched ?? []) {
      const numbers: number[] = [];
      session.takeLevels(numbers);
      if (numbers.length > 0) levels[session.id] = numbers;
    }
    return levels;
  }

  #sessions(): WatchedTracks[] {
    const streams = this.#streams();
    for (const stream of this.#meters.keys()) if (!streams.includes(stream)) this.#meters.delete(stream);
    const meters = streams.flatMap((stream) => {
      if (!this.#meters.has(stream) && isTrackStream(stream.status()))
        this.#meters.set(stream, new StreamMeter(stream));
      return this.#meters.get(stream) ?? [];
    });
    return [...(this.#source?.sessions() ?? []), ...meters];
  }
}

/** Without addresses, files and takes. */
function publicForm({ take: _take, words: _words, flows, tracks, ...session }: TrackSession): TrackSession {
  return {
    ...session,
    ...(session.kind === 'record' ? { title: '' } : {}),
    flows: Object.fromEntries(Object.entries(flows).map(([key, { address: _address, ...flow }]) => [key, flow])),
    tracks: Object.fromEntries(
      Object.entries(tracks).map(([key, { file: _file, problem, ...track }]) => [
        key,
        problem === undefined ? track : { ...track, problem: 'failed' },
      ]),
    ),
  };
}
