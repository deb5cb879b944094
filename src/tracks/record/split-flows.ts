import { join } from 'node:path';
import { frameBytesOf } from '../../media/wav/pcm-format.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import type { Take, TakeTrack } from '../proof/take-schema.ts';
import { encodingBytes, formatOfEncoding } from '../types.ts';
import { openWavFile, type WavFile } from '../wav-file.ts';

const PORTION_FRAMES = 1 << 14;

/**
 * The account of a take whose flows were recorded in a file for each channel, with the hashes of each flow as a whole,
 * read from its files: what its sender has hashed. A flow whose files are not all there, or of different lengths, has none.
 * @param folder of the take
 * @throws DistreamError TRACK_UNREADABLE, TRACK_NOT_PCM
 */
export async function withSplitFlows(take: Take, folder: string): Promise<Take> {
  const flows = new Map<string, TakeTrack[]>();
  for (const track of take.tracks) {
    if (track.flow) flows.set(track.flow.name, [...(flows.get(track.flow.name) ?? []), track]);
  }
  const whole = new Map<TakeTrack, TakeTrack>();
  for (const parts of flows.values()) {
    const recorded = await recordedFlow(parts, folder);
    if (!recorded) continue;
    for (const part of parts) whole.set(part, { ...part, flow: { ...part.flow!, recorded } });
  }
  return { ...take, tracks: take.tracks.map((track) => whole.get(track) ?? track) };
}

async function recordedFlow(
  parts: readonly TakeTrack[],
  folder: string,
): Promise<NonNullable<TakeTrack['recorded']> | undefined> {
  const { encoding, sampleRate, flow, recorded } = parts[0]!;
  const ordered = parts.toSorted((one, other) => (one.channel ?? 0) - (other.channel ?? 0));
  const isWhole = ordered.every(
    (part, channel) => part.channel === channel && part.file && part.recorded?.frames === recorded?.frames,
  );
  if (!recorded || !isWhole || ordered.length !== flow!.channels) return undefined;
  const hasher = new PcmHasher({ format: formatOfEncoding(encoding, sampleRate, ordered.length) });
  const files: WavFile[] = [];
  try {
    for (const { file } of ordered) files.push(await openWavFile(join(folder, file!)));
    await hashTogether(files, { hasher, frames: recorded.frames, sampleBytes: encodingBytes(encoding) });
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
  const { blocks, ...account } = hasher.account();
  return { ...account, blocks: { ...blocks, digests: [...blocks.digests] } };
}

/** Hashes the files of single channels as one interleaved file would be. */
async function hashTogether(
  files: readonly WavFile[],
  { hasher, frames, sampleBytes }: { hasher: PcmHasher; frames: number; sampleBytes: number },
): Promise<void> {
  const channel = Buffer.alloc(PORTION_FRAMES * sampleBytes);
  const together = Buffer.alloc(channel.length * files.length);
  const stride = files.length * sampleBytes;
  for (let done = 0; done < frames; done += PORTION_FRAMES) {
    const count = Math.min(PORTION_FRAMES, frames - done);
    for (const [index, file] of files.entries()) {
      // Shorter than its account says: what is not there does not hash as what was sent.
      channel.fill(0);
      if (frameBytesOf(file.head.format) !== sampleBytes) continue;
      await file.read(channel.subarray(0, count * sampleBytes), done * sampleBytes);
      for (let frame = 0; frame < count; frame++) {
        channel.copy(together, frame * stride + index * sampleBytes, frame * sampleBytes, (frame + 1) * sampleBytes);
      }
    }
    hasher.push(together.subarray(0, count * stride));
  }
}
