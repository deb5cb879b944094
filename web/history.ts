/**
 * The histories of all streams that the page shows.
 * @module
 */
import { getJson, streamPath } from './api.ts';
import { StreamHistory } from './stream-history.ts';
import type { History, StreamStatus } from './types.ts';

const histories = new Map<string, StreamHistory>();

/** The history of a stream of that name. */
export function historyOf(name: string): StreamHistory {
  let history = histories.get(name);
  if (!history) {
    history = new StreamHistory((stream, span) => getJson<History>(streamPath(stream, `history?span=${span}`)));
    histories.set(name, history);
  }
  return history;
}

/** Notes a status for all its streams, and forgets those that are gone. */
export function noteAll(streams: readonly StreamStatus[], atMs: number): void {
  const names = new Set(streams.map(({ name }) => name));
  for (const name of histories.keys()) if (!names.has(name)) histories.delete(name);
  for (const stream of streams) historyOf(stream.name).note(stream, atMs);
}
