/** Taps of the filter on each side of a sample, where the rate does not fall. */
const HALF_TAPS = 24;
/** Of the lower of the two Nyquist frequencies. */
const CUTOFF = 0.94;
const KAISER_BETA = 9;
/** Rates with a worse ratio are taken as the nearest one; no rate in use is among them. */
const MAX_PHASES = 4096;

/**
 * Changes the sample rate by a ratio of whole numbers: a bank of windowed sinc filters (Kaiser), one for each phase.
 * The output is in time with the input: output sample n is the input at n * from / to. Pure; one instance a channel.
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #half: number;
  readonly #taps: Float32Array;
  /** The newest input, from the oldest that a filter may still need. */
  #input: Float32Array;
  #filled: number;
  /** Where the next output sample is: in #input, and the phase beyond that. */
  #at: number;
  #phase = 0;

  constructor(fromRate: number, toRate: number) {
    const [up, down] = ratioOf(toRate, fromRate);
    this.#up = up;
    this.#down = down;
    const scale = Math.min(1, up / down) * CUTOFF;
    this.#half = Math.ceil(HALF_TAPS / Math.min(1, up / down));
    this.#taps = filterBank(up, this.#half, scale);
    // Silence before the first sample, so that the first output is the first input.
    this.#filled = this.#half - 1;
    this.#input = new Float32Array(this.#filled);
    this.#at = this.#filled;
  }

  /** Takes the next samples and answers those that are known now: a filter's half length less than the input. */
  push(samples: Float32Array): Float32Array {
    this.#append(samples);
    const half = this.#half;
    const output = new Float32Array(
      Math.max(0, Math.ceil(((this.#filled - half - this.#at) * this.#up) / this.#down) + 1),
    );
    let count = 0;
    while (this.#at + half < this.#filled) {
      output[count++] = this.#sampleAt(this.#at, this.#phase);
      this.#phase += this.#down;
      this.#at += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    this.#forget();
    return output.subarray(0, count);
  }

  /** The rest, as if silence followed. */
  finish(): Float32Array {
    return this.push(new Float32Array(this.#half));
  }

  #append(samples: Float32Array): void {
    const needed = this.#filled + samples.length;
    if (needed > this.#input.length) {
      const grown = new Float32Array(needed);
      grown.set(this.#input.subarray(0, this.#filled));
      this.#input = grown;
    }
    this.#input.set(samples, this.#filled);
    this.#filled = needed;
  }

  #forget(): void {
    const unneeded = this.#at - this.#half + 1;
    if (unneeded <= 0) return;
    this.#input.copyWithin(0, unneeded, this.#filled);
    this.#filled -= unneeded;
    this.#at -= unneeded;
  }

  #sampleAt(at: number, phase: number): number {
    const width = 2 * this.#half;
    const first = at - this.#half + 1;
    const row = phase * width;
    let sum = 0;
    for (let tap = 0; tap < width; tap++) sum += this.#input[first + tap]! * this.#taps[row + tap]!;
    return sum;
  }
}

/** The filter of each phase: tap k of phase p is at the distance k - (half - 1) - p / up from its centre. */
function filterBank(up: number, half: number, scale: number): Float32Array {
  const width = 2 * half;
  const taps = new Float32Array(up * width);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let tap = 0; tap < width; tap++) {
      const distance = tap - (half - 1) - phase / up;
      const value = sinc(distance * scale) * kaiser(distance / half);
      taps[phase * width + tap] = value;
      sum += value;
    }
    // Every phase passes a constant unchanged.
    for (let tap = 0; tap < width; tap++) taps[phase * width + tap]! /= sum;
  }
  return taps;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of the first kind and order 0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function ratioOf(up: number, down: number): [number, number] {
  const divisor = greatestCommonDivisor(up, down);
  const phases = up / divisor;
  if (phases <= MAX_PHASES) return [phases, down / divisor];
  return [MAX_PHASES, Math.round((down / up) * MAX_PHASES)];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
