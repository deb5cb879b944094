/** A half-open run of numbers, `start` included, `end` not. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A set of whole numbers as sorted runs that neither touch nor overlap. Look-ups are binary searches. */
export class RangeSet {
  // start, end, start, end ... ascending
  #borders: number[] = [];
  #total = 0;

  /** How many runs there are. */
  get count(): number {
    return this.#borders.length / 2;
  }

  /** How many numbers are in the set. */
  get total(): number {
    return this.#total;
  }

  get first(): Range | undefined {
    return this.at(0);
  }

  get last(): Range | undefined {
    return this.at(this.count - 1);
  }

  /** The run at `index`, counted from the lowest. */
  at(index: number): Range | undefined {
    if (index < 0 || index >= this.count) return undefined;
    return { start: this.#borders[index * 2]!, end: this.#borders[index * 2 + 1]! };
  }

  *[Symbol.iterator](): Generator<Range> {
    for (let index = 0; index < this.count; index++) yield this.at(index)!;
  }

  /** Adds a run; an empty one changes nothing. Returns how many numbers are new. */
  add(start: number, end: number): number {
    return this.#replace(start, end, true);
  }

  /** Takes a run out. Returns how many numbers were in the set. */
  remove(start: number, end: number): number {
    return Math.abs(this.#replace(start, end, false));
  }

  has(value: number): boolean {
    return this.#countUpTo(value) % 2 === 1;
  }

  /** Whether all of `start` to `end` is in the set; true for an empty run. */
  covers(start: number, end: number): boolean {
    if (start >= end) return true;
    const index = this.#countUpTo(start);
    return index % 2 === 1 && this.#borders[index]! >= end;
  }

  /** The runs between `start` and `end` that are not in the set. */
  *missing(start: number, end: number): Generator<Range> {
    let index = this.#countUpTo(start);
    let from = index % 2 === 1 ? this.#borders[index++]! : start;
    while (from < end) {
      const to = Math.min(end, this.#borders[index] ?? end);
      if (to > from) yield { start: from, end: to };
      from = this.#borders[index + 1] ?? end;
      index += 2;
    }
  }

  /** The lowest run at or after `from`, cut at it, or undefined. */
  next(from: number): Range | undefined {
    const index = this.#countUpTo(from);
    if (index % 2 === 1) return { start: from, end: this.#borders[index]! };
    if (index >= this.#borders.length) return undefined;
    return { start: this.#borders[index]!, end: this.#borders[index + 1]! };
  }

  clear(): void {
    this.#borders = [];
    this.#total = 0;
  }

  // How many borders are at or below `value`: odd means that it is inside a run.
  #countUpTo(value: number): number {
    let low = 0;
    let high = this.#borders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#borders[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // How many borders are below `value`.
  #countBelow(value: number): number {
    let low = 0;
    let high = this.#borders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#borders[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #replace(start: number, end: number, isIn: boolean): number {
    if (start >= end) return 0;
    const from = this.#countBelow(start);
    const to = this.#countUpTo(end);
    const insideBefore = from % 2 === 1;
    const insideAfter = to % 2 === 1;
    let before = 0;
    let at = start;
    for (let index = from; index < to; index++) {
      const border = Math.min(end, this.#borders[index]!);
      if (index % 2 === 1) before += border - at;
      at = border;
    }
    if (insideAfter) before += end - at;
    const borders: number[] = [];
    if (insideBefore !== isIn) borders.push(start);
    if (insideAfter !== isIn) borders.push(end);
    this.#borders.splice(from, to - from, ...borders);
    const change = isIn ? end - start - before : -before;
    this.#total += change;
    return change;
  }
}
