import type { StreamFormat } from '../../core/fragment.ts';
import { VERSION } from '../../core/version.ts';
import { pcmFormatOf } from '../../media/pcm/stream-format.ts';
import { timeReferenceOf } from '../../media/wav/bext-chunk.ts';
import { WavHeadWriter } from '../../media/wav/write-head.ts';

/** The head of a Broadcast Wave file for PCM that begins at `startUtcMs`; undefined for all other audio. */
export function waveHeadFor(
  format: StreamFormat,
  { streamName, startUtcMs }: { streamName: string; startUtcMs: number },
): WavHeadWriter | undefined {
  const pcm = pcmFormatOf(format);
  if (!pcm) return undefined;
  const { sampleRate, bitsPerSample, channels } = pcm;
  const mode = channels === 1 ? 'mono' : channels === 2 ? 'stereo' : 'multichannel';
  return new WavHeadWriter({
    format: pcm,
    bext: {
      description: streamName,
      originator: `distream ${VERSION}`,
      startUtcMs,
      timeReference: timeReferenceOf(startUtcMs, sampleRate),
      codingHistory: [`A=PCM,F=${sampleRate},W=${bitsPerSample},M=${mode},T=distream`],
    },
  });
}
