import type { Fragment } from '../../core/fragment.ts';

/** Intervals for formats whose frames have no common length; 16,000 is what Icecast sends. */
const STEPS_BYTES = [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000];
const LARGEST_BYTES = 65_536;

/**
 * The metadata interval for a stream, from one of its fragments: about a second of audio, and a multiple of the bytes
 * after which frame borders repeat where there is such a number, so that listeners who begin at different frames share
 * their bytes.
 */
export function metadataInterval({ data, durationUs, format }: Fragment): number {
  const bytesPerSecond = durationUs > 0 ? (data.length * 1e6) / durationUs : 16_000;
  const { latticeBytes } = format;
  if (latticeBytes) {
    const interval = latticeBytes * Math.max(1, Math.round(bytesPerSecond / latticeBytes));
    if (interval <= LARGEST_BYTES) return interval;
  }
  const distance = (step: number) => Math.abs(Math.log(step / bytesPerSecond));
  return STEPS_BYTES.reduce((best, step) => (distance(step) < distance(best) ? step : best));
}
