/** The most runs of chunks in one set: a peer that asks for every second chunk of a large file is told so. */
const MAX_RUNS = 65_536;

/** Chunks `first` to `end - 1`; `end` may be Infinity: a live stream goes on. */
export interface ChunkRun {
  readonly first: number;
  readonly end: number;
}

/** What may be read of a set. */
export interface ReadonlyChunkSet {
  readonly isEmpty: boolean;
  /** How many chunks; may be Infinity. */
  readonly count: number;
  has(chunk: number): boolean;
  /** The lowest chunk that is not below `chunk`; undefined when there is none. */
  nextFrom(chunk: number): number | undefined;
  /** The runs, ascending, none touching another. */
  runs(): readonly ChunkRun[];
}

/** A set of chunk numbers, kept as runs: a whole file of any size is one run. */
export class ChunkSet implements ReadonlyChunkSet {
  #runs: ChunkRun[] = [];

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  get count(): number {
    return this.#runs.reduce((sum, { first, end }) => sum + (end - first), 0);
  }

  has(chunk: number): boolean {
    const run = this.#runs[this.#endingAfter(chunk)];
    return run !== undefined && run.first <= chunk;
  }

  nextFrom(chunk: number): number | undefined {
    const run = this.#runs[this.#endingAfter(chunk)];
    return run && Math.max(run.first, chunk);
  }

  runs(): readonly ChunkRun[] {
    return this.#runs;
  }

  /** Adds a run. Throws RangeError when the set would be in more than 65,536 pieces. */
  add(first: number, end: number = first + 1): void {
    if (first >= end) return;
    // The runs that touch the new one are from `from` to `to - 1`.
    const from = this.#endingAfter(first - 1);
    let to = from;
    let low = first;
    let high = end;
    for (; to < this.#runs.length && this.#runs[to]!.first <= end; to++) {
      low = Math.min(low, this.#runs[to]!.first);
      high = Math.max(high, this.#runs[to]!.end);
    }
    if (from === to && this.#runs.length >= MAX_RUNS) throw new RangeError('too many pieces of one file');
    this.#runs.splice(from, to - from, { first: low, end: high });
  }

  /** Takes a run out. Throws RangeError as `add` does. */
  remove(first: number, end: number = first + 1): void {
    if (first >= end) return;
    const from = this.#endingAfter(first);
    const rest: ChunkRun[] = [];
    let to = from;
    for (; to < this.#runs.length && this.#runs[to]!.first < end; to++) {
      const run = this.#runs[to]!;
      if (run.first < first) rest.push({ first: run.first, end: first });
      if (run.end > end) rest.push({ first: end, end: run.end });
    }
    if (rest.length > to - from && this.#runs.length >= MAX_RUNS) throw new RangeError('too many pieces of one file');
    this.#runs.splice(from, to - from, ...rest);
  }

  /** The place of the first run that ends after `chunk`. */
  #endingAfter(chunk: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]!.end > chunk) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
