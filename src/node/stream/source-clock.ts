/** One maximum of the lead in this time; a play head is adjusted as often. */
const INTERVAL_MS = 30_000;
/** Points that are kept; then each stands for twice the time, up to a window of 16 hours. */
const MAX_POINTS = 480;
const MAX_GROUP = 4;
const MIN_POINTS = 8;
const MIN_SPAN_MS = 240_000;
/** No clock of a source is further off; what seems so is a line that fails or fills up again. */
const MAX_DRIFT = 2000e-6;
/** How far a clock that is known well may leave its line. */
const KNOWN_DRIFT_CHANGE = 30e-6;
/** A change of this size is no drift, whatever the time it took. */
const STEP_MS = 250;
/** Audio that is late but holds its pace for so long is not late: some was lost, or the way became longer. */
const LOST_AFTER_MS = 30 * 60_000;
/** An estimate is used when it is known to this, or to this share of itself. */
const GOOD_ENOUGH = 10e-6;
const GOOD_SHARE = 0.15;
/** What is not seen of a clock: the granularity of timers and of arrivals. */
const FLOOR_MS = 1;
/** An estimate over so long is not given up for audio that suddenly comes earlier. */
const TRUSTED_SPAN_MS = 3_600_000;
/** By how much an estimate from before a break grows uncertain, each millisecond. */
const AGEING_PER_MS = 2e-6 / 3_600_000;
/** The newest points that tell where the source is now. */
const LEVEL_POINTS = 10;

interface Point {
  readonly atMs: number;
  /** Media time of the newest audio minus our time. */
  readonly leadMs: number;
}

interface Estimate {
  /** 1e-6 is one ppm; positive: the source is fast. */
  readonly drift: number;
  readonly uncertainty: number;
  readonly atMs: number;
}

/** For the hull of one clock at a time; all run on one thread and none keeps it. */
const hull = new Int32Array(MAX_POINTS + 1);

/**
 * Measures the clock of a source against ours from when its audio comes.
 *
 * The lead (media time of the newest audio minus our time) has an upper edge that follows the source's clock: delays and
 * outages only lower it. The highest lead of each interval is kept, and the line is taken that lies on or above all of
 * them with the least sum of distances: the edge of their upper hull over their mean time (Moon, Skelly and Towsley,
 * "Estimation and Removal of Clock Skew from Network Delay Measurements", 1999).
 */
export class SourceClock {
  #points: Point[] = [];
  /** Intervals that one point stands for, and that the newest one holds. */
  #groupSize = 1;
  #inGroup = 0;
  #intervalEndMs = Number.NEGATIVE_INFINITY;
  #bestAtMs = 0;
  #bestLeadMs = Number.NEGATIVE_INFINITY;
  /** Where audio that is late began to hold its pace. */
  #late: Point | undefined;
  /** From the points, and from those before the last break. */
  #own: Estimate | undefined;
  #before: Estimate | undefined;

  /** How much faster than ours the source's clock runs, 1e-6 being one ppm; 0 until it is known. */
  get drift(): number {
    return this.#known?.drift ?? 0;
  }

  /** There was evidence enough for `drift`; what is known of a source outlasts its breaks. */
  get confident(): boolean {
    return this.#known !== undefined;
  }

  get #known(): Estimate | undefined {
    return this.#own ?? this.#before;
  }

  /** What comes next does not continue what came: the lead begins anew, the drift stays known. */
  restart(): void {
    this.#forgetLead();
    this.#intervalEndMs = Number.NEGATIVE_INFINITY;
    this.#bestLeadMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * To be called when audio came.
   * @param endMs media time of its end
   * @param nowMs our monotonic time
   * @returns true when an interval is over: what is known of the clock may have changed
   */
  arrived(endMs: number, nowMs: number): boolean {
    const isOver = nowMs >= this.#intervalEndMs;
    if (isOver) this.#endInterval(nowMs);
    const leadMs = endMs - nowMs;
    if (leadMs > this.#bestLeadMs) {
      this.#bestLeadMs = leadMs;
      this.#bestAtMs = nowMs;
    }
    return isOver;
  }

  /** The media time that the source has reached at `nowMs` when nothing is late; undefined while that is not known. */
  reachedMs(nowMs: number): number | undefined {
    const { drift } = this;
    let bestMs = Number.NEGATIVE_INFINITY;
    for (const { atMs, leadMs } of this.#points.slice(-LEVEL_POINTS)) {
      bestMs = Math.max(bestMs, leadMs + (nowMs - atMs) * drift);
    }
    return this.#points.length > 0 ? bestMs + nowMs : undefined;
  }

  #endInterval(nowMs: number): void {
    this.#intervalEndMs = nowMs + INTERVAL_MS;
    if (this.#bestLeadMs === Number.NEGATIVE_INFINITY) return;
    const point = { atMs: this.#bestAtMs, leadMs: this.#bestLeadMs };
    this.#bestLeadMs = Number.NEGATIVE_INFINITY;
    if (this.#isLate(point)) return;
    this.#dropLate(point);
    this.#keep(point);
    this.#measure(nowMs);
  }

  #forgetLead(): void {
    this.#points = [];
    this.#groupSize = 1;
    this.#inGroup = 0;
    this.#late = undefined;
    this.#before = this.#known;
    this.#own = undefined;
  }

  /** Later than its clock can have made it: an outage, its refill, or audio that was lost. */
  #isLate(point: Point): boolean {
    const last = this.#points.at(-1);
    if (!last || !this.#isBelow(point, last)) {
      this.#late = undefined;
      return false;
    }
    this.#late ??= point;
    const aloneMs = point.atMs - this.#late.atMs;
    if (Math.abs(point.leadMs - this.#late.leadMs) > STEP_MS + aloneMs * MAX_DRIFT) this.#late = point;
    else if (aloneMs >= LOST_AFTER_MS) {
      this.#forgetLead();
      return false;
    }
    return true;
  }

  /** Leaves out the newest points as far as the source cannot have climbed from them to this one: they were late. */
  #dropLate(point: Point): void {
    const isEarly = this.#points.length > 0 && this.#isBelow(this.#points.at(-1)!, point);
    if (isEarly && point.atMs - this.#points[0]!.atMs < TRUSTED_SPAN_MS) this.#own = undefined;
    while (this.#points.length > 0 && this.#isBelow(this.#points.at(-1)!, point)) {
      this.#points.pop();
      this.#inGroup = this.#groupSize;
    }
  }

  #isBelow(low: Point, high: Point): boolean {
    const apartMs = low.atMs - high.atMs;
    const belowMs = high.leadMs - low.leadMs + apartMs * this.drift;
    return belowMs > STEP_MS + Math.abs(apartMs) * this.#leewayAt(Math.max(low.atMs, high.atMs));
  }

  #leewayAt(nowMs: number): number {
    return this.#known ? Math.max(KNOWN_DRIFT_CHANGE, 2 * uncertaintyAt(this.#known, nowMs)) : MAX_DRIFT;
  }

  #keep(point: Point): void {
    const points = this.#points;
    if (points.length > 0 && this.#inGroup < this.#groupSize) {
      points.push(higher(points.pop()!, point, this.drift));
      this.#inGroup++;
      return;
    }
    points.push(point);
    this.#inGroup = 1;
    if (points.length <= MAX_POINTS) return;
    if (this.#groupSize === MAX_GROUP) points.shift();
    else this.#pairPoints();
  }

  #pairPoints(): void {
    const points = this.#points;
    this.#points = [];
    for (let index = 0; index < points.length; index += 2) {
      const first = points[index]!;
      this.#points.push(higher(first, points[index + 1] ?? first, this.drift));
    }
    this.#inGroup = points.length % 2 === 0 ? 2 * this.#groupSize : this.#groupSize;
    this.#groupSize *= 2;
  }

  #measure(nowMs: number): void {
    const found = fitUpperEdge(this.#points, nowMs);
    if (!found) return;
    if (!isGoodEnough(found)) {
      if (this.#own && isTurned(found, this.#own)) this.#own = undefined;
    } else if (this.#own || !this.#before || isBetter(found, this.#before, nowMs)) this.#own = found;
  }
}

function higher(a: Point, b: Point, drift: number): Point {
  return b.leadMs - a.leadMs >= (b.atMs - a.atMs) * drift ? b : a;
}

function uncertaintyAt(estimate: Estimate, nowMs: number): number {
  return estimate.uncertainty + (nowMs - estimate.atMs) * AGEING_PER_MS;
}

/** The line was not what it seemed: it has turned by more than was thought possible. */
function isTurned(found: Estimate, own: Estimate): boolean {
  return Math.abs(found.drift - own.drift) > 3 * own.uncertainty + GOOD_ENOUGH;
}

/** An estimate from before a break holds until there is a better one, or one that cannot be reconciled with it. */
function isBetter(found: Estimate, before: Estimate, nowMs: number): boolean {
  const uncertainty = uncertaintyAt(before, nowMs);
  if (found.uncertainty <= uncertainty) return true;
  return Math.abs(found.drift - before.drift) > 3 * (uncertainty + found.uncertainty);
}

function isGoodEnough({ drift, uncertainty }: Estimate): boolean {
  const size = Math.abs(drift);
  return size <= MAX_DRIFT && uncertainty <= Math.max(GOOD_ENOUGH, size * GOOD_SHARE);
}

/** The line on or above all points with the least sum of distances; undefined while there are too few. */
function fitUpperEdge(points: readonly Point[], nowMs: number): Estimate | undefined {
  const spanMs = points.length < MIN_POINTS ? 0 : points.at(-1)!.atMs - points[0]!.atMs;
  if (spanMs < MIN_SPAN_MS) return undefined;
  const meanAtMs = mean(points, (point) => point.atMs);
  const [left, right] = edgeOver(points, meanAtMs);
  const drift = (right.leadMs - left.leadMs) / (right.atMs - left.atMs);
  const meanBelowMs = left.leadMs + (meanAtMs - left.atMs) * drift - mean(points, (point) => point.leadMs);
  return { drift, uncertainty: (meanBelowMs + FLOOR_MS) / spanMs, atMs: nowMs };
}

/** The edge of the upper hull (Andrew's monotone chain) that lies over a time within that of the points. */
function edgeOver(points: readonly Point[], atMs: number): readonly [Point, Point] {
  let size = 0;
  for (let index = 0; index < points.length; index++) {
    while (size > 1 && isUnder(points[hull[size - 1]!]!, points[hull[size - 2]!]!, points[index]!)) size--;
    hull[size++] = index;
  }
  let end = 1;
  while (end < size - 1 && points[hull[end]!]!.atMs < atMs) end++;
  return [points[hull[end - 1]!]!, points[hull[end]!]!];
}

function isUnder(point: Point, left: Point, right: Point): boolean {
  const run = right.atMs - left.atMs;
  return (point.leadMs - left.leadMs) * run <= (right.leadMs - left.leadMs) * (point.atMs - left.atMs);
}

function mean(points: readonly Point[], value: (point: Point) => number): number {
  let sum = 0;
  for (const point of points) sum += value(point);
  return sum / points.length;
}
