/** The instruments of the demo music: each answers the samples of one note, mono, about -1 to 1. */
import { highPass, lowPass, noteHz, SAMPLE_RATE } from './dsp.js';

const TURN = 2 * Math.PI;

function render(seconds, sampleAt) {
  const length = Math.ceil(seconds * SAMPLE_RATE);
  const sound = new Float64Array(length);
  for (let index = 0; index < length; index++) sound[index] = sampleAt(index / SAMPLE_RATE);
  return sound;
}

/** Rises over `attack`, holds until `seconds`, falls over `release`; raised-cosine edges. */
function swell(time, seconds, attack, release) {
  const rising = Math.min(1, time / attack);
  const falling = Math.min(1, Math.max(0, (seconds + release - time) / release));
  return (0.5 - 0.5 * Math.cos(Math.PI * rising)) * (0.5 - 0.5 * Math.cos(Math.PI * falling));
}

/** A soft string-like sound of a few detuned harmonics that brighten and darken slowly. */
export function pad(note, seconds, random, attack = 0.9, release = 1.6) {
  const base = noteHz(note);
  const voices = [-0.0028, 0.0009, 0.0031].map((detune) => ({ hz: base * (1 + detune), phase: random() * TURN }));
  const shimmer = 0.11 + random() * 0.1;
  const offset = random() * TURN;
  const harmonics = Math.min(9, Math.floor(5200 / base));
  return render(seconds + release, (time) => {
    const bright = 1.75 + 0.35 * Math.sin(TURN * shimmer * time + offset);
    let sum = 0;
    for (const voice of voices) {
      const angle = TURN * voice.hz * time + voice.phase;
      for (let harmonic = 1; harmonic <= harmonics; harmonic++) sum += Math.sin(angle * harmonic) / harmonic ** bright;
    }
    return (sum / 4) * swell(time, seconds, attack, release);
  });
}

/** An electric piano: two operators of frequency modulation, and a short bell for the hammer. */
export function electricPiano(note, seconds, velocity) {
  const hz = noteHz(note);
  const decay = 1.9 - (note - 48) * 0.018;
  return render(seconds + 0.35, (time) => {
    const angle = TURN * hz * time;
    const body = Math.sin(angle + velocity * 1.5 * Math.exp(-time * 2.6) * Math.sin(angle));
    const tine = 0.16 * velocity * Math.exp(-time * 16) * Math.sin(angle * 13.98);
    const envelope = Math.exp(-time / decay) * swell(time, seconds, 0.004, 0.35);
    return (body + tine) * envelope * (0.4 + 0.6 * velocity);
  });
}

/** A plucked string after Karplus and Strong; fractional tuning by an all-pass in the loop. */
export function pluck(note, seconds, random, brightness = 0.5) {
  const period = SAMPLE_RATE / noteHz(note) - 0.5;
  const length = Math.floor(period);
  const fraction = period - length;
  const tuning = (1 - fraction) / (1 + fraction);
  const soften = lowPass(900 + brightness * 6000);
  const line = Float64Array.from({ length }, () => soften(random() * 2 - 1));
  let mean = 0;
  for (const sample of line) mean += sample / length;
  const loss = 0.5 ** (1 / (noteHz(note) * 0.55));
  let at = 0;
  let before = 0;
  let passIn = 0;
  let passOut = 0;
  return render(seconds, (time) => {
    const current = line[at] - mean;
    const averaged = loss * 0.5 * (current + before);
    before = current;
    passOut = tuning * averaged + passIn - tuning * passOut;
    passIn = averaged;
    line[at] = passOut + mean;
    if (++at === length) at = 0;
    return current * 1.6 * swell(time, seconds - 0.06, 0.001, 0.06);
  });
}

/** A round bass: a sine with a little of the second and third harmonic at the attack. */
export function bass(note, seconds) {
  const hz = noteHz(note);
  return render(seconds + 0.08, (time) => {
    const angle = TURN * hz * time;
    const edge = Math.exp(-time * 7);
    const tone = Math.sin(angle) + (0.1 + 0.35 * edge) * Math.sin(2 * angle) + 0.14 * edge * Math.sin(3 * angle);
    return Math.tanh(tone * 1.2) * 0.8 * Math.exp(-time * 0.9) * swell(time, seconds, 0.008, 0.08);
  });
}

/** A small bell, like a vibraphone's bar, with a slow tremolo. */
export function bell(note, seconds, velocity = 1) {
  const hz = noteHz(note);
  return render(seconds, (time) => {
    const angle = TURN * hz * time;
    const bar = Math.sin(angle) * Math.exp(-time * 1.7) + 0.22 * Math.sin(angle * 3.98) * Math.exp(-time * 6.5);
    const tremolo = 1 + 0.14 * Math.sin(TURN * 4.6 * time);
    return bar * tremolo * velocity * swell(time, seconds - 0.2, 0.003, 0.2);
  });
}

/** A soft bass drum. */
export function kick() {
  let angle = 0;
  return render(0.32, (time) => {
    angle += (TURN * (46 + 95 * Math.exp(-time * 42))) / SAMPLE_RATE;
    return Math.sin(angle) * Math.exp(-time * 11) * swell(time, 0.25, 0.002, 0.07);
  });
}

/** A shaker or closed cymbal: high noise that lasts `seconds`. */
export function shaker(seconds, random, cutoffHz = 7000) {
  const filters = [highPass(cutoffHz), highPass(cutoffHz), lowPass(13_000)];
  return render(seconds + 0.02, (time) => {
    const noise = filters.reduce((value, filter) => filter(value), random() * 2 - 1);
    return noise * Math.exp((-time * 4) / seconds) * swell(time, seconds, 0.006, 0.02);
  });
}

/** A brush on a snare drum. */
export function brush(random) {
  const filters = [highPass(900), lowPass(5200), lowPass(7500)];
  return render(0.24, (time) => {
    const noise = filters.reduce((value, filter) => filter(value), random() * 2 - 1);
    const skin = 0.25 * Math.sin(TURN * 185 * time) * Math.exp(-time * 34);
    return (noise * 1.6 * Math.exp(-time * 15) + skin) * swell(time, 0.2, 0.004, 0.04);
  });
}
