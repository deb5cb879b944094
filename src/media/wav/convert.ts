/**
 * Samples of a file made into samples of another width, little endian like the file's. Used only where somebody asked
 * for it: the promise of a session is that bytes stay as they are.
 * @module
 */
import type { PcmFormat } from './pcm-format.ts';
import type { SampleBytes } from './samples.ts';

/** What a file's samples are. */
export type SampleKind = Pick<PcmFormat, 'bitsPerSample' | 'isFloat'>;

/** True when every sample keeps its value: the same width, or a wider one. */
export function isExact({ bitsPerSample, isFloat }: SampleKind, sampleBytes: SampleBytes): boolean {
  return !isFloat && bitsPerSample <= sampleBytes * 8;
}

/**
 * Converts samples. Integers keep their highest bits; floats are scaled so that 1.0 is full scale, rounded to the
 * nearest and limited, and NaN is silence.
 * @param source whole samples of `kind`, little endian
 * @param target room for as many samples of `sampleBytes`; may not overlap `source`
 * @returns how many samples have another value than before, each limited or rounded
 */
export function convertSamples(source: Buffer, kind: SampleKind, target: Buffer, sampleBytes: SampleBytes): number {
  const sourceBytes = kind.bitsPerSample >> 3;
  const count = source.length / sourceBytes;
  if (!Number.isInteger(count)) throw new RangeError(`${source.length} bytes are not whole samples`);
  if (target.length < count * sampleBytes) throw new RangeError('there is no room for the converted samples');
  return kind.isFloat
    ? convertFloats(source, target, sampleBytes, count)
    : convertIntegers(source, sourceBytes, target, sampleBytes, count);
}

function convertIntegers(
  source: Buffer,
  sourceBytes: number,
  target: Buffer,
  sampleBytes: number,
  count: number,
): number {
  const added = Math.max(0, sampleBytes - sourceBytes);
  const dropped = Math.max(0, sourceBytes - sampleBytes);
  let altered = 0;
  for (let sample = 0, read = 0, write = 0; sample < count; sample++) {
    let lost = 0;
    for (let i = 0; i < dropped; i++) lost |= source[read++]!;
    for (let i = 0; i < added; i++) target[write++] = 0;
    for (let i = added; i < sampleBytes; i++) target[write++] = source[read++]!;
    if (lost !== 0) altered += 1;
  }
  return altered;
}

function convertFloats(source: Buffer, target: Buffer, sampleBytes: SampleBytes, count: number): number {
  const scale = 2 ** (sampleBytes * 8 - 1);
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  let altered = 0;
  for (let sample = 0, write = 0; sample < count; sample++) {
    const exact = view.getFloat32(sample * 4, true) * scale;
    const value = Number.isNaN(exact) ? 0 : Math.min(scale - 1, Math.max(-scale, Math.round(exact)));
    if (value !== exact) altered += 1;
    for (let i = 0; i < sampleBytes; i++) target[write++] = (value >> (8 * i)) & 0xff;
  }
  return altered;
}
