import { Histogram } from '../proof/histogram.ts';
import { DriftEstimate } from './drift-estimate.ts';

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
  }
}
