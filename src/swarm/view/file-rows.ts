import { cleanText } from '../../core/text.ts';
import { offloadBoundOf } from '../schedule/bound.ts';
import type { FileSight } from './sight.ts';
import { MAX_FILES, type SwarmFileView, type SwarmView } from './swarm-view.ts';

const MAX_PATH = 200;

/** A file as all dialects together have it. */
interface Row {
  readonly path: string;
  readonly isLive: boolean;
  size: number;
  chunks: number;
  givers: number;
  takers: number;
  /** Sum over takers. */
  progress: number;
  fromServer: number;
  fromPeers: number;
  /** Peers that took something, and of a stream the sum of uplinks in its rates for as many. */
  everTook: number;
  uplinks: number;
  /** Of dialects that know their uplinks: what arrived, and what could have. */
  arrived: number;
  possible: number;
}

/** The files of one look, by path, whichever dialects they are published in; and what they say of the score. */
export class FileRows {
  readonly #rows = new Map<string, Row>();
  readonly #oldIds: ReadonlyMap<string, string>;
  readonly #ids = new Map<string, string>();
  #lastId: number;

  /** @param ids of the last look: a file keeps its id as long as each look finds it */
  constructor(ids: ReadonlyMap<string, string>) {
    this.#oldIds = ids;
    this.#lastId = 0;
    for (const id of ids.values()) this.#lastId = Math.max(this.#lastId, Number(id));
  }

  /** Ids of the files that `views` answered, by path. */
  get ids(): ReadonlyMap<string, string> {
    return this.#ids;
  }

  get count(): number {
    return this.#rows.size;
  }

  add({ path, size, chunks, isLive, givers, takers, progress, tally, uplinks }: FileSight): void {
    const row = this.#rows.get(path) ?? emptyRow(path, isLive);
    this.#rows.set(path, row);
    row.size = Math.max(row.size, size);
    row.chunks = Math.max(row.chunks, chunks);
    // The server gives in each dialect, and is one.
    row.givers += row.givers > 0 && givers > 0 ? givers - 1 : givers;
    row.takers += takers;
    row.progress += (progress ?? 0) * takers;
    row.fromServer += tally.bytesFromServer;
    row.fromPeers += tally.bytesFromPeers;
    row.everTook += tally.takers;
    if (tally.takers > 0) row.uplinks += uplinks ? mean(uplinks) * tally.takers : Number.POSITIVE_INFINITY;
    if (tally.possibleBytes === 0) return;
    row.arrived += tally.bytes;
    row.possible += tally.possibleBytes;
  }

  /** At most `MAX_FILES`, those that somebody takes first. */
  views(): Record<string, SwarmFileView> {
    const taken = [...this.#rows.values()].filter(({ takers }) => takers > 0).slice(0, MAX_FILES);
    const others = [...this.#rows.values()].filter(({ takers }) => takers === 0);
    const views: Record<string, SwarmFileView> = {};
    for (const row of [...taken, ...others.slice(0, MAX_FILES - taken.length)])
      views[this.#idOf(row.path)] = viewOf(row);
    return views;
  }

  /** What all files together say. */
  score(): SwarmView['score'] {
    const rows = [...this.#rows.values()];
    const bytes = sum(rows.map(carried));
    if (bytes === 0) return {};
    const share = sum(rows.map(({ fromPeers }) => fromPeers)) / bytes;
    const shareBound = sum(rows.map((row) => boundOf(row) * carried(row))) / bytes;
    const files = rows.filter((row) => !row.isLive && carried(row) > 0);
    const size = sum(files.map((row) => row.size));
    const possible = sum(files.map((row) => row.possible));
    return {
      share: rounded(share),
      shareBound: rounded(shareBound),
      ...(shareBound > 0 && { score: rounded(Math.min(1, share / shareBound)) }),
      ...(possible > 0 && { timeScore: rounded(Math.min(1, sum(files.map(({ arrived }) => arrived)) / possible)) }),
      ...(size > 0 && { serverCopies: rounded(sum(files.map(({ fromServer }) => fromServer)) / size) }),
    };
  }

  #idOf(path: string): string {
    const id = this.#oldIds.get(path) ?? String(++this.#lastId);
    this.#ids.set(path, id);
    return id;
  }
}

function emptyRow(path: string, isLive: boolean): Row {
  return {
    path,
    isLive,
    size: 0,
    chunks: 0,
    givers: 0,
    takers: 0,
    progress: 0,
    fromServer: 0,
    fromPeers: 0,
    everTook: 0,
    uplinks: 0,
    arrived: 0,
    possible: 0,
  };
}

function viewOf(row: Row): SwarmFileView {
  const { path, size, chunks, isLive, givers, takers, fromServer, fromPeers } = row;
  const bytes = carried(row);
  return {
    path: cleanText(path, MAX_PATH),
    size,
    chunks,
    live: isLive,
    givers,
    takers,
    ...(!isLive && takers > 0 && { progress: Math.floor((row.progress / takers) * 1000) / 1000 }),
    ...(bytes > 0 && { share: rounded(fromPeers / bytes), shareBound: rounded(boundOf(row)) }),
    ...(!isLive && size > 0 && { serverCopies: rounded(fromServer / size) }),
  };
}

function boundOf({ everTook, uplinks }: Row): number {
  return offloadBoundOf(everTook, uplinks);
}

function carried({ fromServer, fromPeers }: Row): number {
  return fromServer + fromPeers;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.POSITIVE_INFINITY : sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
