import type { HistoryPoint } from './point.ts';

/** The newest points of one step, in fixed memory: 17 bytes a point. */
export class HistoryRing {
  readonly stepMs: number;
  readonly capacity: number;
  readonly #reserveSeconds: Float32Array;
  readonly #bitrate: Float32Array;
  readonly #listeners: Float32Array;
  readonly #latencySeconds: Float32Array;
  readonly #state: Uint8Array;
  #next = 0;
  #count = 0;

  constructor(stepMs: number, capacity: number) {
    this.stepMs = stepMs;
    this.capacity = capacity;
    this.#reserveSeconds = new Float32Array(capacity);
    this.#bitrate = new Float32Array(capacity);
    this.#listeners = new Float32Array(capacity);
    this.#latencySeconds = new Float32Array(capacity);
    this.#state = new Uint8Array(capacity);
  }

  /** Adds a point; the oldest makes room. */
  push(point: HistoryPoint): void {
    const index = this.#next;
    this.#reserveSeconds[index] = point.reserveSeconds;
    this.#bitrate[index] = point.bitrate;
    this.#listeners[index] = point.listeners;
    this.#latencySeconds[index] = point.latencySeconds;
    this.#state[index] = point.state;
    this.#next = (index + 1) % this.capacity;
    this.#count = Math.min(this.capacity, this.#count + 1);
  }

  /** How many points there are. */
  get count(): number {
    return this.#count;
  }

  /** A point; 0 is the oldest. */
  at(position: number): HistoryPoint {
    const index = (this.#next - this.#count + position + this.capacity) % this.capacity;
    return {
      reserveSeconds: this.#reserveSeconds[index]!,
      bitrate: this.#bitrate[index]!,
      listeners: this.#listeners[index]!,
      latencySeconds: this.#latencySeconds[index]!,
      state: this.#state[index]!,
    };
  }
}
