import { frameBytesOf, type PcmFormat } from '../wav/pcm-format.ts';

/**
 * Takes channels out of interleaved integer samples (little endian), as numbers from -1 to below 1.
 * @param samples whole sample frames; a cut one at the end is left out
 * @param channels from 0; one that is not there is silent
 */
export function toFloats(samples: Buffer, pcm: PcmFormat, channels: readonly number[]): Float32Array[] {
  const frameBytes = frameBytesOf(pcm);
  const sampleBytes = pcm.bitsPerSample >> 3;
  const frames = Math.floor(samples.length / frameBytes);
  const scale = 2 ** -(pcm.bitsPerSample - 1);
  return channels.map((channel) => {
    const values = new Float32Array(frames);
    if (channel >= pcm.channels) return values;
    let at = channel * sampleBytes;
    for (let frame = 0; frame < frames; frame++, at += frameBytes) {
      values[frame] = samples.readIntLE(at, sampleBytes) * scale;
    }
    return values;
  });
}

/** Interleaves channels as 16-bit samples, rounded to the nearest and limited, in the machine's byte order. */
export function toInt16(channels: readonly Float32Array[]): Int16Array {
  const count = channels.length;
  const frames = channels[0]?.length ?? 0;
  const samples = new Int16Array(frames * count);
  for (let channel = 0; channel < count; channel++) {
    const values = channels[channel]!;
    for (let frame = 0; frame < frames; frame++) {
      samples[frame * count + channel] = Math.max(-32_768, Math.min(32_767, Math.round(values[frame]! * 32_768)));
    }
  }
  return samples;
}
