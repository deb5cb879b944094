import { Histogram } from '../proof/histogram.ts';
import { DriftEstimate } from './drift-estimate.ts';

/** A run's first packet is compared with those of so long; later ones tell of the clocks' drift. */
const FIRST_MS = 10_000;

/** When the packets of a flow came, against when they should have. Memory does not grow. */
export class ArrivalStatistics {
  /** How far packets in a row were from their nominal distance, in microseconds. */
  readonly spacing = new Histogram();
  /** How much longer than the fastest packet so far a packet was on its way, in microseconds. */
  readonly lateness = new Histogram();
  readonly #framesPerMs: number;
  #previous: { end: number; arrivalMs: number } | undefined;
  #leastTransitMs = Number.POSITIVE_INFINITY;
  readonly #drift = new DriftEstimate();
  #first: { readonly arrivalMs: number; readonly transitMs: number } | undefined;
  #firstLatenessMs = 0;

  /**
   * How much later than the fastest packet of the first 10 s the first one came, of the timeline in which it was most:
   * by so much what is placed by arrival can be too late.
   */
  get firstLatenessMs(): number {
    return this.#firstLatenessMs;
  }

  /** How much faster than ours the sender's clock is, in millionths; undefined before half a minute has passed. */
  get driftPpm(): number | undefined {
    return this.#drift.ppm;
  }

  constructor(sampleRate: number) {
    this.#framesPerMs = sampleRate / 1000;
  }

  /** A packet came. Its predecessor is the packet that ended where it begins. */
  note(position: number, frames: number, arrivalMs: number): void {
    const transitMs = arrivalMs - position / this.#framesPerMs;
    this.#leastTransitMs = Math.min(this.#leastTransitMs, transitMs);
    this.#drift.note(transitMs, arrivalMs);
    this.#first ??= { arrivalMs, transitMs };
    if (arrivalMs - this.#first.arrivalMs <= FIRST_MS) {
      this.#firstLatenessMs = Math.max(this.#firstLatenessMs, this.#first.transitMs - this.#leastTransitMs);
    }
    this.lateness.record((transitMs - this.#leastTransitMs) * 1000);
    const previous = this.#previous;
    if (previous?.end === position) {
      const distanceMs = arrivalMs - previous.arrivalMs;
      this.spacing.record(Math.abs(distanceMs - frames / this.#framesPerMs) * 1000);
    }
    if (!previous || position >= previous.end) this.#previous = { end: position + frames, arrivalMs };
  }

  /** Another timeline begins. */
  restart(): void {
    this.#previous = undefined;
    this.#drift.restart();
    this.#leastTransitMs = Number.POSITIVE_INFINITY;
    this.#first = undefined;
  }
}
