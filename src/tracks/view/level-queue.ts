/** Levels are measured and told so often. */
export const LEVELS_PER_SECOND = 20;
/** Numbers for each channel: peak and RMS in tenths of a dBFS, and 1 when it clipped. */
export const LEVEL_FIELDS = 3;
/** What silence is told as: -120 dBFS. */
export const LEVEL_FLOOR = -1200;

/** Slices that wait; older ones are forgotten: 3.2 s. */
const CAPACITY = 64;
/** With more waiting than this two are told as one, until the meters have caught up. */
const MAX_WAITING = 10;
/** Without anything new the last slice stands so often, then silence. */
const MAX_REPEATS = 10;
/** So many samples at full scale in a row are a clip: one may be meant. */
const CLIP_RUN = 3;

/** The samples of a track. */
export interface LevelFormat {
  readonly sampleRate: number;
  readonly channels: number;
  /** Of one sample, little endian: 2, 3 or 4. */
  readonly sampleBytes: number;
}

/**
 * Measures a track in slices of 50 ms as it is written, and tells them one by one, as often as it is asked. Audio comes
 * in portions of a quarter of a second; so meters move evenly all the same. Memory is bounded; nothing is allocated
 * for what is measured.
 */
export class LevelQueue {
  readonly channels: number;
  readonly #sampleBytes: number;
  readonly #sliceFrames: number;
  /** Of each channel in a slice: peak, mean square (0 to 1), clipped. */
  readonly #slices: Float32Array;
  readonly #fullScaleRuns: Uint8Array;
  #filled = 0;
  #head = 0;
  #count = 0;
  #repeats = 0;

  constructor({ sampleRate, channels, sampleBytes }: LevelFormat) {
    this.channels = channels;
    this.#sampleBytes = sampleBytes;
    this.#sliceFrames = Math.max(1, Math.round(sampleRate / LEVELS_PER_SECOND));
    // One slice beside the waiting ones is being measured, one is told.
    this.#slices = new Float32Array((CAPACITY + 2) * channels * LEVEL_FIELDS);
    this.#fullScaleRuns = new Uint8Array(channels);
    this.#repeats = MAX_REPEATS;
  }

  /** Takes whole sample frames, interleaved and little endian. */
  note(samples: Buffer): void {
    const frameBytes = this.channels * this.#sampleBytes;
    const frames = Math.floor(samples.length / frameBytes);
    for (let done = 0; done < frames; ) {
      const taken = Math.min(frames - done, this.#sliceFrames - this.#filled);
      for (let channel = 0; channel < this.channels; channel++) {
        this.#measure(samples, done * frameBytes + channel * this.#sampleBytes, taken, channel);
      }
      done += taken;
      this.#advance(taken);
    }
  }

  /** Takes silence of any length. */
  silence(frames: number): void {
    this.#fullScaleRuns.fill(0);
    for (let left = Math.min(frames, CAPACITY * this.#sliceFrames); left > 0; ) {
      const taken = Math.min(left, this.#sliceFrames - this.#filled);
      left -= taken;
      this.#advance(taken);
    }
  }

  /** Adds the next slice to a list: `LEVEL_FIELDS` numbers for each channel. */
  take(into: number[]): void {
    const last = this.#slot(CAPACITY + 1);
    if (this.#count === 0) {
      if (this.#repeats++ >= MAX_REPEATS) this.#slices.fill(0, last, last + this.channels * LEVEL_FIELDS);
    } else {
      this.#repeats = 0;
      this.#slices.copyWithin(last, this.#slot(this.#head), this.#slot(this.#head + 1));
      this.#drop();
      while (this.#count > MAX_WAITING) this.#join(last);
    }
    for (let at = last; at < last + this.channels * LEVEL_FIELDS; at += LEVEL_FIELDS) {
      into.push(tenthsOf(this.#slices[at]!), tenthsOf(Math.sqrt(this.#slices[at + 1]!)), this.#slices[at + 2]!);
    }
  }

  #measure(samples: Buffer, from: number, frames: number, channel: number): void {
    const step = this.channels * this.#sampleBytes;
    const isShort = this.#sampleBytes === 2;
    // Of 32 bits the upper 24.
    const top = from + this.#sampleBytes - 1;
    const full = isShort ? 32_767 : 8_388_607;
    let peak = 0;
    let squares = 0;
    let run = this.#fullScaleRuns[channel]!;
    let isClipped = false;
    for (let at = top, end = top + frames * step; at < end; at += step) {
      const value = isShort
        ? ((samples[at]! << 24) | (samples[at - 1]! << 16)) >> 16
        : ((samples[at]! << 24) | (samples[at - 1]! << 16) | (samples[at - 2]! << 8)) >> 8;
      const size = value < 0 ? -value : value;
      if (size > peak) peak = size;
      squares += size * size;
      if (size < full) run = 0;
      else if (run < CLIP_RUN && ++run === CLIP_RUN) isClipped = true;
    }
    this.#fullScaleRuns[channel] = run;
    const at = this.#slot((this.#head + this.#count) % CAPACITY, channel);
    const scaled = Math.min(1, peak / full);
    if (scaled > this.#slices[at]!) this.#slices[at] = scaled;
    this.#slices[at + 1]! += squares / (full * full * this.#sliceFrames);
    if (isClipped) this.#slices[at + 2] = 1;
  }

  /** So many frames more are in the slice; a whole one waits from now on. */
  #advance(frames: number): void {
    this.#filled += frames;
    if (this.#filled < this.#sliceFrames) return;
    this.#filled = 0;
    this.#count++;
    // The place of the next slice must be free.
    if (this.#count === CAPACITY) this.#drop();
    const next = this.#slot((this.#head + this.#count) % CAPACITY);
    this.#slices.fill(0, next, next + this.channels * LEVEL_FIELDS);
  }

  /** Joins the oldest slice with the one that is told. */
  #join(into: number): void {
    const from = this.#slot(this.#head);
    for (let field = 0; field < this.channels * LEVEL_FIELDS; field++) {
      this.#slices[into + field] = Math.max(this.#slices[into + field]!, this.#slices[from + field]!);
    }
    this.#drop();
  }

  #drop(): void {
    this.#head = (this.#head + 1) % CAPACITY;
    this.#count--;
  }

  #slot(slice: number, channel = 0): number {
    return (slice * this.channels + channel) * LEVEL_FIELDS;
  }
}

/** A share of full scale in tenths of a dBFS. */
function tenthsOf(share: number): number {
  return share <= 0 ? LEVEL_FLOOR : Math.max(LEVEL_FLOOR, Math.round(200 * Math.log10(share)));
}
