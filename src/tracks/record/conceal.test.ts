import { expect, it } from 'vitest';
import { conceal } from './conceal.ts';

const SHAPE = { sampleRate: 48_000, channels: 1, sampleBytes: 2 } as const;

function ramp(frames: number): Buffer {
  const bytes = Buffer.alloc(frames * 2);
  for (let frame = 0; frame < frames; frame++) bytes.writeInt16LE(frame * 10, frame * 2);
  return bytes;
}

it('goes on from the last sample and fades out, 20 ms at most', () => {
  const sound = conceal(ramp(2000), 48_000, SHAPE);
  expect(sound.length).toBe(960 * 2);
  expect(Math.abs(sound.readInt16LE(0) - 19_990)).toBeLessThan(50);
  expect(Math.abs(sound.readInt16LE(sound.length - 2))).toBeLessThan(20);
});

it('is not longer than the gap or what is known, and keeps channels apart', () => {
  expect(conceal(ramp(2000), 5, SHAPE).length).toBe(10);
  expect(conceal(ramp(3), 48_000, SHAPE).length).toBe(6);
  expect(conceal(Buffer.alloc(0), 5, SHAPE).length).toBe(0);
  const stereo = Buffer.alloc(12);
  stereo.writeIntLE(-900_000, 6, 3);
  stereo.writeIntLE(600_000, 9, 3);
  const sound = conceal(stereo, 1, { sampleRate: 48_000, channels: 2, sampleBytes: 3 });
  expect([sound.readIntLE(0, 3), sound.readIntLE(3, 3)]).toEqual([-450_000, 300_000]);
});
