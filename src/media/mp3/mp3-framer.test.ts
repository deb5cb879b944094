import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Frame, Framer } from '../framer.ts';
import { Mp3Framer } from './mp3-framer.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../test/fixtures/audio/${name}`, import.meta.url));

function frame(file: Buffer, framer: Framer = new Mp3Framer(), step = file.length): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < file.length; at += step) frames.push(...framer.push(file.subarray(at, at + step)));
  return [...frames, ...framer.flush()];
}

const totalUs = (frames: Frame[]) => frames.reduce((sum, { durationUs }) => sum + durationUs, 0);

describe('Mp3Framer on real files (counts and times are what ffprobe says)', () => {
  it.each([
    { name: 'cbr-128k-44100.mp3', count: 78, seconds: 2.0375, rate: 44100, channels: 2, lattice: 20480, prime: 3 },
    { name: 'vbr-xing-id3.mp3', count: 78, seconds: 2.037551, rate: 44100, channels: 2, lattice: undefined, prime: 3 },
    {
      name: 'mpeg2-32k-22050-mono.mp3',
      count: 79,
      seconds: 2.06375,
      rate: 22050,
      channels: 1,
      lattice: 5120,
      prime: 4,
    },
    {
      name: 'info-48k-48000-mono-crc.mp3',
      count: 43,
      seconds: 1.032,
      rate: 48000,
      channels: 1,
      lattice: 144,
      prime: 6,
    },
    { name: 'layer2-128k.mp2', count: 39, seconds: 1.01875, rate: 44100, channels: 2, lattice: 20480, prime: 1 },
  ])('$name', ({ name, count, seconds, rate, channels, lattice, prime }) => {
    const frames = frame(fixture(name));
    expect(frames.length).toBe(count);
    expect(totalUs(frames) / 1e6).toBeCloseTo(seconds, 2);
    expect(new Set(frames.map(({ format }) => format)).size).toBe(1);
    const { format } = frames[0]!;
    expect(format).toMatchObject({ codec: 'mp3', contentType: 'audio/mpeg', sampleRate: rate, channels });
    expect(format.latticeBytes).toBe(lattice);
    expect(format.primeFrames).toBe(prime);
  });
});
