/** The interarrival jitter of RFC 3550 6.4.1 and A.8, in timestamp units (sample frames). */
export class InterarrivalJitter {
  #transit: number | undefined;
  #jitter = 0;
  #maximum = 0;

  /** The mean deviation, smoothed by 1/16, in sample frames. */
  get frames(): number {
    return this.#jitter;
  }

  /** The largest change of transit time between two packets in a row, in sample frames: the mean hides stalls. */
  get maximumFrames(): number {
    return this.#maximum;
  }

  /** Takes a packet's transit time: arrival minus timestamp, both in sample frames; the constant part does not matter. */
  add(transitFrames: number): void {
    if (this.#transit !== undefined) {
      const deviation = Math.abs(transitFrames - this.#transit);
      this.#jitter += (deviation - this.#jitter) / 16;
      if (deviation > this.#maximum) this.#maximum = deviation;
    }
    this.#transit = transitFrames;
  }

  /** Forgets the last packet, not the mean: the next timestamp belongs to another timeline. */
  restart(): void {
    this.#transit = undefined;
  }
}
