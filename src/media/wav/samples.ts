/**
 * Samples between files (little endian) and the network (big endian, L16 and L24: RFC 3551 section 4.5.11, RFC 3190
 * section 4). Turning the bytes of a sample round is its own inverse, so one function serves both ways.
 * @module
 */

/** Bytes of a sample that both sides know. */
export type SampleBytes = 2 | 3;

/**
 * Turns the bytes of every sample round, in place.
 * @param samples whole samples; throws RangeError otherwise
 */
export function swapSamples(samples: Buffer, sampleBytes: SampleBytes): void {
  if (samples.length % sampleBytes !== 0) throw new RangeError(`${samples.length} bytes are not whole samples`);
  if (sampleBytes === 2) {
    samples.swap16();
    return;
  }
  for (let at = 0; at < samples.length; at += 3) {
    const first = samples[at]!;
    samples[at] = samples[at + 2]!;
    samples[at + 2] = first;
  }
}

/** Some channels of an interleaved run of sample frames. */
export interface ChannelPlace {
  readonly samples: Buffer;
  /** Channels of a sample frame there. */
  readonly channels: number;
  /** The first channel that is meant, from 0. */
  readonly channel: number;
}

/**
 * Copies channels from one interleaving into another and turns the bytes of every sample round: tracks into a flow of
 * several channels, and out of it. Both begin at their first sample frame.
 * @param frames sample frames to copy; throws RangeError when one of the two has fewer
 * @param channels how many neighbouring channels
 */
export function copySwapped(
  source: ChannelPlace,
  target: ChannelPlace,
  shape: { frames: number; channels: number; sampleBytes: SampleBytes },
): void {
  const { frames, channels, sampleBytes } = shape;
  checkRoom(source, shape);
  checkRoom(target, shape);
  const sourceStep = (source.channels - channels) * sampleBytes;
  const targetStep = (target.channels - channels) * sampleBytes;
  const from = source.samples;
  const to = target.samples;
  let read = source.channel * sampleBytes;
  let write = target.channel * sampleBytes;
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < channels; channel++) {
      if (sampleBytes === 2) {
        to[write] = from[read + 1]!;
        to[write + 1] = from[read]!;
      } else {
        to[write] = from[read + 2]!;
        to[write + 1] = from[read + 1]!;
        to[write + 2] = from[read]!;
      }
      read += sampleBytes;
      write += sampleBytes;
    }
    read += sourceStep;
    write += targetStep;
  }
}

function checkRoom(place: ChannelPlace, shape: { frames: number; channels: number; sampleBytes: number }): void {
  const fits =
    place.channel >= 0 &&
    place.channel + shape.channels <= place.channels &&
    shape.frames * place.channels * shape.sampleBytes <= place.samples.length;
  if (!fits) throw new RangeError('the channels or sample frames to copy are not all there');
}

/** Makes it silence, which is all zeros in integer and float PCM of either byte order. */
export function fillSilence(samples: Buffer): void {
  samples.fill(0);
}
