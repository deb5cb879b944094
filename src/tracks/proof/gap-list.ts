import { RangeSet } from '../../protocols/link/range-set.ts';

/** Why sound is missing, with the words for people. */
export const GAP_CAUSES = {
  lost: 'lost on the network',
  late: 'came too late',
  absent: 'the track had not begun',
  restart: 'the sender was started again',
  underrun: 'the sender could not read its file in time',
  ended: 'the track had ended',
  disk: 'the disk did not take it',
} as const;
export type GapCause = keyof typeof GAP_CAUSES;

/** Missing sample frames: the first one's position, how many, and why. */
export type GapEntry = readonly [start: number, frames: number, cause: GapCause];

const DEFAULT_MAX_GAPS = 100_000;

/**
 * The sample frames that a track misses, to the frame. Where there are more gaps than it may hold, neighbours are
 * joined, and `isExact` says so: what is listed then is more than what is missing, never less.
 */
export class GapList {
  readonly #maxGaps: number;
  readonly #all = new RangeSet();
  readonly #byCause = new Map<GapCause, RangeSet>();
  #isExact = true;

  constructor({ maxGaps = DEFAULT_MAX_GAPS }: { maxGaps?: number } = {}) {
    this.#maxGaps = Math.max(1, maxGaps);
  }

  /** Runs of missing frames, whatever their causes. */
  get count(): number {
    return this.#all.count;
  }

  get frames(): number {
    return this.#all.total;
  }

  get isExact(): boolean {
    return this.#isExact;
  }

  /** The frames from `start` to before `end` are missing. What was already missing keeps its cause. */
  add(start: number, end: number, cause: GapCause): void {
    const set = this.#setOf(cause);
    for (const range of [...this.#all.missing(start, end)]) set.add(range.start, range.end);
    this.#all.add(start, end);
    if (this.#pieces() > this.#maxGaps) this.#join();
  }

  /** The frames from `start` to before `end` are there now. Answers how many of them were missing. */
  fill(start: number, end: number): number {
    for (const set of this.#byCause.values()) set.remove(start, end);
    return this.#all.remove(start, end);
  }

  /** Whether any frame from `start` to before `end` is missing. */
  touches(start: number, end: number): boolean {
    const next = this.#all.next(start);
    return next !== undefined && next.start < end;
  }

  /** All gaps in the order of their positions. */
  entries(): GapEntry[] {
    const entries: GapEntry[] = [];
    for (const [cause, set] of this.#byCause) {
      for (const { start, end } of set) entries.push([start, end - start, cause]);
    }
    return entries.sort((a, b) => a[0] - b[0]);
  }

  /** A list from what `entries` gave. */
  static of(entries: readonly GapEntry[]): GapList {
    const list = new GapList({ maxGaps: Math.max(DEFAULT_MAX_GAPS, entries.length) });
    for (const [start, frames, cause] of entries) list.add(start, start + frames, cause);
    return list;
  }

  #setOf(cause: GapCause): RangeSet {
    const known = this.#byCause.get(cause);
    if (known) return known;
    const set = new RangeSet();
    this.#byCause.set(cause, set);
    return set;
  }

  #pieces(): number {
    let pieces = 0;
    for (const set of this.#byCause.values()) pieces += set.count;
    return pieces;
  }

  /** Joins the nearest neighbours until half the room is free. */
  #join(): void {
    this.#isExact = false;
    const entries = this.entries();
    const spaces = entries.slice(1).map(([start], index) => start - (entries[index]![0] + entries[index]![1]));
    const kept = Math.max(1, Math.floor(this.#maxGaps / 2));
    // The space that all but `kept - 1` of the spaces do not exceed.
    const joined = spaces.toSorted((a, b) => a - b)[entries.length - 1 - kept] ?? Infinity;
    this.#all.clear();
    for (const set of this.#byCause.values()) set.clear();
    let [start, frames, cause] = entries[0]!;
    for (const [index, next] of entries.slice(1).entries()) {
      if (spaces[index]! <= joined) {
        frames = next[0] + next[1] - start;
        continue;
      }
      this.#put(start, frames, cause);
      [start, frames, cause] = next;
    }
    this.#put(start, frames, cause);
  }

  #put(start: number, frames: number, cause: GapCause): void {
    this.#setOf(cause).add(start, start + frames);
    this.#all.add(start, start + frames);
  }
}
