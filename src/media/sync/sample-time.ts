/** Turns sample counts into whole microseconds whose sum stays exact, however many frames. */
export class SampleTime {
  readonly #sampleRate: number;
  /** Microseconds times the sample rate that are not given out yet. */
  #remainder = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** The length of the next `samples` in microseconds; what is cut off is added to the frames after. */
  durationUs(samples: number): number {
    const scaled = this.#remainder + samples * 1_000_000;
    const durationUs = Math.floor(scaled / this.#sampleRate);
    this.#remainder = scaled - durationUs * this.#sampleRate;
    return durationUs;
  }
}
