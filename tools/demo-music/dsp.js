/** Signal building blocks of the demo music. Everything wraps around: what rings past the end sounds at the start. */

export const SAMPLE_RATE = 44_100;

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Frequency of a MIDI note in Hz. */
export function noteHz(note) {
  return 440 * 2 ** ((note - 69) / 12);
}

/** A stereo track whose end is joined to its start. */
export class Track {
  constructor(length) {
    this.length = length;
    this.left = new Float64Array(length);
    this.right = new Float64Array(length);
  }

  /** Adds a mono sound at `startSeconds`; `pan` from -1 (left) to 1 (right), equal power. */
  add(sound, startSeconds, gain, pan = 0) {
    const angle = ((pan + 1) * Math.PI) / 4;
    const left = gain * Math.cos(angle) * Math.SQRT2;
    const right = gain * Math.sin(angle) * Math.SQRT2;
    let at = Math.round(startSeconds * SAMPLE_RATE) % this.length;
    for (const sample of sound) {
      this.left[at] += sample * left;
      this.right[at] += sample * right;
      if (++at === this.length) at = 0;
    }
  }

  /** Adds another track of the same length. */
  mix(other, gain) {
    for (let index = 0; index < this.length; index++) {
      this.left[index] += other.left[index] * gain;
      this.right[index] += other.right[index] * gain;
    }
  }
}

/** Runs a sample function over a loop twice and keeps the second round, so that its state joins up. */
function throughTwice(samples, process) {
  const out = new Float64Array(samples.length);
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < samples.length; index++) out[index] = process(samples[index]);
  }
  return out;
}

/** A low pass of the first order. */
export function lowPass(cutoffHz) {
  const coefficient = 1 - Math.exp((-2 * Math.PI * cutoffHz) / SAMPLE_RATE);
  let state = 0;
  return (sample) => {
    state += coefficient * (sample - state);
    return state;
  };
}

/** A high pass of the first order. */
export function highPass(cutoffHz) {
  const low = lowPass(cutoffHz);
  return (sample) => sample - low(sample);
}

function comb(delay, feedback, damping) {
  const line = new Float64Array(delay);
  let at = 0;
  let damped = 0;
  return (sample) => {
    const out = line[at];
    damped = out * (1 - damping) + damped * damping;
    line[at] = sample + damped * feedback;
    if (++at === delay) at = 0;
    return out;
  };
}

function allPass(delay) {
  const line = new Float64Array(delay);
  let at = 0;
  return (sample) => {
    const held = line[at];
    line[at] = sample + held * 0.5;
    if (++at === delay) at = 0;
    return held - sample;
  };
}

const COMB_DELAYS = [1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617];
const ALL_PASS_DELAYS = [556, 441, 341, 225];
const STEREO_SPREAD = 23;

function room(spread, feedback) {
  const combs = COMB_DELAYS.map((delay) => comb(delay + spread, feedback, 0.35));
  const passes = ALL_PASS_DELAYS.map((delay) => allPass(delay + spread));
  const rumble = highPass(180);
  return (sample) => {
    const input = rumble(sample) * 0.03;
    let sum = 0;
    for (const each of combs) sum += each(input);
    return passes.reduce((value, pass) => pass(value), sum);
  };
}

/** The reverberation of a track (Schroeder combs and all-passes), without the dry sound. */
export function reverberate(track, feedback = 0.86) {
  const wet = new Track(track.length);
  wet.left = throughTwice(track.left, room(0, feedback));
  wet.right = throughTwice(track.right, room(STEREO_SPREAD, feedback));
  return wet;
}

/** Echoes that change sides, without the dry sound. */
export function pingPong(track, delaySeconds, feedback) {
  const delay = Math.round(delaySeconds * SAMPLE_RATE);
  const wet = new Track(track.length);
  const dull = [lowPass(2600), lowPass(2600)];
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < track.length; index++) {
      const past = (index - delay + track.length) % track.length;
      wet.left[index] = dull[0]((track.left[past] + track.right[past]) * 0.5 + wet.right[past] * feedback);
      wet.right[index] = dull[1](wet.left[past] * feedback);
    }
  }
  return wet;
}

/** Removes rumble, rounds off peaks and brings the highest peak to `peak` (1 is full scale). */
export function master(track, drive, peak) {
  const shaped = [track.left, track.right].map((side) => {
    const rumble = highPass(28);
    return throughTwice(side, (sample) => Math.tanh(rumble(sample) * drive));
  });
  let highest = 0;
  for (const side of shaped) for (const sample of side) highest = Math.max(highest, Math.abs(sample));
  const out = new Track(track.length);
  out.left = shaped[0].map((sample) => (sample * peak) / highest);
  out.right = shaped[1].map((sample) => (sample * peak) / highest);
  return out;
}
