/**
 * A point of a stream's history, and how points make one of a longer step.
 * @module
 */

/** What listeners had, for the strip of the last hour. */
export const HEARD = { noData: 0, sound: 1, bridged: 2, gap: 3, fallback: 4 } as const;

/** How a stream was in one step. What is not known is NaN. */
export interface HistoryPoint {
  /** The lowest of the step. */
  readonly reserveSeconds: number;
  /** kbit/s, the mean. */
  readonly bitrate: number;
  /** The most. */
  readonly listeners: number;
  /** How far what listeners are given is behind the moment when it was made; the mean. */
  readonly latencySeconds: number;
  /** A code of `HEARD`: the worst. */
  readonly state: number;
}

/** From nothing to the worst: what a step is called that had several. */
const ORDER: readonly number[] = [HEARD.noData, HEARD.sound, HEARD.fallback, HEARD.bridged, HEARD.gap];

/** Gathers points into one of a longer step. */
export class PointGatherer {
  #points = 0;
  #reserve = Number.NaN;
  #listeners = Number.NaN;
  #bitrate = { sum: 0, count: 0 };
  #latency = { sum: 0, count: 0 };
  #state: number = HEARD.noData;

  /** How many points were added since `take`. */
  get points(): number {
    return this.#points;
  }

  add(point: HistoryPoint): void {
    this.#points++;
    this.#reserve = lesser(this.#reserve, point.reserveSeconds);
    this.#listeners = -lesser(-this.#listeners, -point.listeners);
    addTo(this.#bitrate, point.bitrate);
    addTo(this.#latency, point.latencySeconds);
    if (ORDER.indexOf(point.state) > ORDER.indexOf(this.#state)) this.#state = point.state;
  }

  /** The point of all that were added; begins anew. */
  take(): HistoryPoint {
    const point = {
      reserveSeconds: this.#reserve,
      bitrate: this.#bitrate.sum / this.#bitrate.count,
      listeners: this.#listeners,
      latencySeconds: this.#latency.sum / this.#latency.count,
      state: this.#state,
    };
    this.#points = 0;
    this.#reserve = Number.NaN;
    this.#listeners = Number.NaN;
    this.#bitrate = { sum: 0, count: 0 };
    this.#latency = { sum: 0, count: 0 };
    this.#state = HEARD.noData;
    return point;
  }
}

function lesser(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.min(a, b);
}

function addTo(mean: { sum: number; count: number }, value: number): void {
  if (Number.isNaN(value)) return;
  mean.sum += value;
  mean.count++;
}
