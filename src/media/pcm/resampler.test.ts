import { describe, expect, it } from 'vitest';
import { Resampler } from './resampler.ts';

const sine = (rate: number, hertz: number, count: number) =>
  Float32Array.from({ length: count }, (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / rate));

function resample(from: number, to: number, input: Float32Array, step: number): number[] {
  const resampler = new Resampler(from, to);
  const out: number[] = [];
  for (let at = 0; at < input.length; at += step) out.push(...resampler.push(input.subarray(at, at + step)));
  return [...out, ...resampler.finish()];
}

describe('Resampler', () => {
  it.each([
    [44_100, 48_000],
    [96_000, 48_000],
    [22_050, 48_000],
  ])('turns a tone at %i Hz into the same tone at %i Hz, in time', (from, to) => {
    const out = resample(from, to, sine(from, 1000, from / 10), 441);
    expect(Math.abs(out.length - to / 10)).toBeLessThanOrEqual(2);
    const ideal = sine(to, 1000, out.length);
    let worst = 0;
    for (let at = 200; at < out.length - 200; at++) worst = Math.max(worst, Math.abs(out[at]! - ideal[at]!));
    expect(worst).toBeLessThan(1e-3);
  });

  it('gives the same however the input is cut', () => {
    const input = sine(44_100, 3000, 2000);
    const whole = resample(44_100, 48_000, input, 2000);
    for (const step of [1, 7, 300]) expect(resample(44_100, 48_000, input, step)).toEqual(whole);
  });

  it('keeps out what the lower rate cannot hold', () => {
    const out = resample(96_000, 48_000, sine(96_000, 30_000, 9600), 960);
    const loudest = Math.max(...out.slice(200, -200).map(Math.abs));
    expect(loudest).toBeLessThan(1e-3);
  });
});
