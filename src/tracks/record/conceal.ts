/** How long sound is made up for. What is missing beyond is silence. */
const CONCEALED_MS = 20;

/** The shape of what is concealed: little endian as in a file, interleaved. */
export interface ConcealedShape {
  readonly sampleRate: number;
  readonly channels: number;
  readonly sampleBytes: 2 | 3;
}

/** How many frames before a gap are worth keeping for it. */
export function concealedFrames(sampleRate: number): number {
  return Math.round((CONCEALED_MS * sampleRate) / 1000);
}

/**
 * Sound for the beginning of a gap: what was before it, backwards, so that the curve goes on without a step, and fading
 * to silence. Answers 20 ms at most, not longer than the gap nor than what is known.
 * @param before whole frames from before the gap, the newest last
 * @param frames the gap's length
 */
export function conceal(before: Buffer, frames: number, shape: ConcealedShape): Buffer {
  const { sampleRate, channels, sampleBytes } = shape;
  const frameBytes = channels * sampleBytes;
  const count = Math.min(frames, concealedFrames(sampleRate), before.length / frameBytes);
  const concealed = Buffer.alloc(count * frameBytes);
  for (let frame = 0; frame < count; frame++) {
    const gain = 1 - (frame + 1) / (count + 1);
    const from = before.length - (frame + 1) * frameBytes;
    for (let offset = 0; offset < frameBytes; offset += sampleBytes) {
      const sample = Math.round(before.readIntLE(from + offset, sampleBytes) * gain);
      concealed.writeIntLE(sample, frame * frameBytes + offset, sampleBytes);
    }
  }
  return concealed;
}
