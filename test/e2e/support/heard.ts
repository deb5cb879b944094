import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { run } from './child.ts';

/** Hz of what is heard and of what it is compared with. */
export const RATE = 48_000;

/** In the page: all samples that leave the first audio element that plays, as Web Audio gets them. */
const TAP = `
  const worklet = "registerProcessor('tap', class extends AudioWorkletProcessor {" +
    "process([[left]]) { if (left) this.port.postMessage(left.slice()); return true; } })";
  window.heard = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (!window.tap) {
      window.tap = new AudioContext({ sampleRate: ${RATE} });
      const from = window.tap.createMediaElementSource(this);
      window.tap.audioWorklet
        .addModule(URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })))
        .then(() => {
          const to = new AudioWorkletNode(window.tap, 'tap');
          to.port.onmessage = ({ data }) => window.heard.push(data);
          from.connect(to).connect(window.tap.destination);
        });
    }
    window.lowest = Infinity;
    setInterval(() => {
      const { buffered, currentTime } = this;
      if (buffered.length > 0 && currentTime > 1) {
        window.lowest = Math.min(window.lowest, buffered.end(buffered.length - 1) - currentTime);
      }
    }, 50);
    return play.call(this);
  };`;

/** Keeps what the page plays; the page's context must be one with `bypassCSP`. */
export async function tapSound(page: Page): Promise<void> {
  await page.addInitScript(TAP);
}

/** The least that the element had stored while it played, in seconds. */
export function lowestStored(page: Page): Promise<number> {
  return page.evaluate<number>('window.lowest');
}

/** What was heard so far: the left channel, at `RATE`. */
export async function heardSamples(page: Page): Promise<Float32Array> {
  const text = await page.evaluate<string>(`(() => {
    let length = 0;
    for (const part of window.heard) length += part.length;
    const all = new Float32Array(length);
    let at = 0;
    for (const part of window.heard) { all.set(part, at); at += part.length; }
    const bytes = new Uint8Array(all.buffer);
    let text = '';
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
  })()`);
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** A file of noise below 3 kHz, which is like itself at one place only. Without loss of time or level. */
export async function makeNoise(seconds: number): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'distream-noise-')), 'noise.wav');
  const noise = `anoisesrc=d=${seconds}:c=white:r=${RATE}:a=0.5:seed=11,lowpass=3000,lowpass=3000`;
  await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', noise, '-ac', '2', path]);
  return path;
}

/** The samples of any file, as they would be heard. */
export async function samplesOf(path: string): Promise<Float32Array> {
  const pcm = await run('ffmpeg', ['-v', 'error', '-i', path, '-f', 'f32le', '-ac', '1', '-ar', String(RATE), '-']);
  return new Float32Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length));
}

const WINDOW = RATE / 20;
/** Every so many samples are compared where a place is looked for. */
const COARSE = 10;
/** So many places that do not fit are told. */
const MAX_BREAKS = 5;

/** How like each other two runs are, -1 to 1. */
function likeness(a: Float32Array, from: number, b: Float32Array, to: number, step: number): number {
  let product = 0;
  let aa = 0;
  let bb = 0;
  for (let index = 0; index < WINDOW; index += step) {
    const x = a[from + index]!;
    const y = b[to + index] ?? 0;
    product += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : product / Math.sqrt(aa * bb);
}

/** Where in `source` the window lies; undefined where nothing is like it. */
function placeOf(heard: Float32Array, from: number, source: Float32Array, start: number, end: number) {
  let best = -1;
  let at = -1;
  for (let to = Math.max(0, start); to < end - WINDOW; to += 4) {
    const like = likeness(heard, from, source, to, COARSE);
    if (like > best) [best, at] = [like, to];
  }
  for (let to = Math.max(0, at - 5); to <= at + 5; to++) {
    const like = likeness(heard, from, source, to, 1);
    if (like > best) [best, at] = [like, to];
  }
  return best > 0.8 ? at : undefined;
}

/** No sound but silence has so many samples of nothing. */
const PAUSE = 64;

/**
 * What was heard without the places where a browser that had no time gave nothing: exact zeros. What follows such a
 * place must still be the very next sample.
 */
export function withoutPauses(heard: Float32Array): { heard: Float32Array; pauseSeconds: number } {
  const kept: Float32Array[] = [];
  let start = 0;
  let zeros = 0;
  let pauses = 0;
  let isSound = false;
  for (let index = 0; index <= heard.length; index++) {
    if (heard[index] === 0) {
      zeros++;
      continue;
    }
    if (zeros >= PAUSE) {
      kept.push(heard.subarray(start, index - zeros));
      start = index;
      if (isSound && index < heard.length) pauses += zeros;
    }
    isSound = true;
    zeros = 0;
  }
  kept.push(heard.subarray(start));
  const all = new Float32Array(kept.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of kept) {
    all.set(part, at);
    at += part.length;
  }
  return { heard: all, pauseSeconds: pauses / RATE };
}

/**
 * Compares what was heard with the source, 50 ms by 50 ms: each must be like the source at the very place that follows.
 * @returns the seconds that fit from the first sound on, and in words where it did not fit
 */
export function compareSound(source: Float32Array, heard: Float32Array): { seconds: number; breaks: string[] } {
  let from = 0;
  while (from < heard.length && Math.abs(heard[from]!) < 0.001) from++;
  from += RATE / 2; // a decoder that begins in the middle, and what it does first
  const first = placeOf(heard, from, source, 0, source.length);
  if (first === undefined) return { seconds: 0, breaks: ['nothing of the source is heard'] };
  const breaks: string[] = [];
  let shift = first - from;
  let windows = 0;
  for (; from + WINDOW <= heard.length && breaks.length < MAX_BREAKS; from += WINDOW) {
    if (likeness(heard, from, source, from + shift, 1) > 0.9) {
      windows++;
      continue;
    }
    const place = placeOf(heard, from, source, from + shift - 2 * RATE, from + shift + 10 * RATE);
    const at = (from / RATE).toFixed(2);
    const moved = place === undefined ? 'no sound of the source' : `${place - from - shift} samples are missing`;
    breaks.push(`at ${at} s: ${moved}`);
    if (place !== undefined) shift = place - from;
  }
  return { seconds: (windows * WINDOW) / RATE, breaks };
}
