import type { LinkView } from '../status/link-schema.ts';

type PathView = LinkView['paths'][number];

/** What is counted of a path. */
export const PATH_COUNTERS = ['sentBytes', 'receivedBytes', 'sentPackets', 'lostPackets'] as const;

/** Totals of one row of metrics. */
export type PathCounts = Record<(typeof PATH_COUNTERS)[number], number>;

/** A path with the row of metrics that it has now. */
export interface CountedPath {
  /** Which of the paths with the same carrier to the same peer; from 1. */
  readonly number: number;
  readonly path: PathView;
  readonly totals: PathCounts;
}

/**
 * Counts paths for metrics. A path that is dialled anew begins at nothing under a new id; a label for each id would
 * make rows without end. So paths are numbered by carrier, and what each has added since the last look goes to the
 * row of its number, which only grows.
 */
export class PathTotals {
  #seen = new Map<string, PathCounts>();
  readonly #rows = new Map<string, PathCounts>();

  /** The paths of all links with their totals, by link in the same order. To be called once for each scrape. */
  count(links: readonly LinkView[]): CountedPath[][] {
    const seen = new Map<string, PathCounts>();
    const used = new Map<string, number>();
    const next = (name: string) => {
      const number = (used.get(name) ?? 0) + 1;
      used.set(name, number);
      return number;
    };
    const counted = links.map((link) => {
      const peer = JSON.stringify([link.peer, link.role]);
      const linkNumber = next(peer);
      return link.paths.map((path) => {
        const line = `${peer} ${path.carrier}`;
        const number = next(line);
        const id = `${peer} ${linkNumber} ${path.id}`;
        seen.set(id, countsOf(path));
        return { number, path, totals: this.#add(`${line} ${number}`, path, this.#seen.get(id)) };
      });
    });
    this.#seen = seen;
    return counted;
  }

  #add(rowName: string, path: PathView, before: PathCounts | undefined): PathCounts {
    const row = this.#rows.get(rowName) ?? { sentBytes: 0, receivedBytes: 0, sentPackets: 0, lostPackets: 0 };
    this.#rows.set(rowName, row);
    for (const name of PATH_COUNTERS) {
      const last = before?.[name] ?? 0;
      // Less than before: another path under the same id, after a restart of the session.
      row[name] += path[name] >= last ? path[name] - last : path[name];
    }
    return { ...row };
  }
}

function countsOf({ sentBytes, receivedBytes, sentPackets, lostPackets }: PathView): PathCounts {
  return { sentBytes, receivedBytes, sentPackets, lostPackets };
}
