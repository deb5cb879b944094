import { type Range, RangeSet } from '../link/range-set.ts';

/** How many holes are kept open; a hole more, and the oldest one counts as a gap. */
const MAX_OPEN_HOLES = 4096;

/**
 * Which sample frames of a timeline came, exact to the frame. A hole stays open until it is settled: by its owner, who
 * has played or written that place, or because there are too many holes.
 */
export class FrameCoverage {
  readonly #onGap: (gap: Range) => void;
  // What came between `#settled` and the tail.
  readonly #came = new RangeSet();
  // The newest run, outside of the set: a stream without loss touches only these two numbers.
  #tailStart = 0;
  #tailEnd = 0;
  #settled = 0;
  #hasSettled = false;
  #lastGapEnd = Number.NaN;
  #gaps = 0;
  #gapFrames = 0;

  /** @param onGap is told of every settled run of frames that did not come, ascending; neighbours may be told apart */
  constructor(onGap: (gap: Range) => void) {
    this.#onGap = onGap;
  }

  /** The end of the newest frames. */
  get end(): number {
    return this.#tailEnd;
  }

  /** All frames before this one are settled. */
  get settled(): number {
    return this.#settled;
  }

  /** How many gaps were told; runs that touch are one. */
  get gaps(): number {
    return this.#gaps;
  }

  /** How many frames all gaps have. */
  get gapFrames(): number {
    return this.#gapFrames;
  }

  /** Settles all there is and begins anew. Until something is settled, earlier frames move the beginning back. */
  restart(position: number): void {
    this.settle(this.#tailEnd);
    this.#came.clear();
    this.#tailStart = position;
    this.#tailEnd = position;
    this.#settled = position;
    this.#hasSettled = false;
    this.#lastGapEnd = Number.NaN;
  }

  /** Frames came. True when they come too late: all of them are settled, as a gap or as frames that came before. */
  add(start: number, end: number): boolean {
    if (start < this.#settled && !this.#hasSettled) this.#settled = start;
    if (end <= this.#settled) return true;
    const from = Math.max(start, this.#settled);
    if (from >= this.#tailStart && from <= this.#tailEnd) this.#tailEnd = Math.max(this.#tailEnd, end);
    else if (from > this.#tailEnd) this.#openHole(from, end);
    else this.#fill(from, end);
    return false;
  }

  /** The open holes, ascending. */
  *holes(): Generator<Range> {
    yield* this.#came.missing(this.#settled, this.#tailStart);
  }

  /** Everything before `position` is played or written: what is missing there is a gap, also after the newest frames. */
  settle(position: number): void {
    if (position <= this.#settled) return;
    const known = Math.min(position, this.#tailStart);
    for (const hole of this.#came.missing(this.#settled, known)) this.#tell(hole);
    if (position > this.#tailEnd) this.#tell({ start: this.#tailEnd, end: position });
    this.#came.remove(this.#settled, known);
    this.#settled = position;
    this.#hasSettled = true;
    this.#tailStart = Math.max(this.#tailStart, position);
    this.#tailEnd = Math.max(this.#tailEnd, position);
  }

  #openHole(start: number, end: number): void {
    if (this.#tailEnd > this.#tailStart) this.#came.add(this.#tailStart, this.#tailEnd);
    this.#tailStart = start;
    this.#tailEnd = end;
    if (this.#came.count > MAX_OPEN_HOLES) this.settle(this.#came.at(1)!.start);
  }

  #fill(start: number, end: number): void {
    this.#came.add(start, Math.min(end, this.#tailStart));
    this.#tailEnd = Math.max(this.#tailEnd, end);
    const last = this.#came.last;
    if (last?.end !== this.#tailStart) return;
    this.#came.remove(last.start, last.end);
    this.#tailStart = last.start;
  }

  #tell(gap: Range): void {
    if (gap.start !== this.#lastGapEnd) this.#gaps++;
    this.#gapFrames += gap.end - gap.start;
    this.#lastGapEnd = gap.end;
    this.#onGap(gap);
  }
}
