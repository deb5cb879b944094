import { readFileSync } from 'node:fs';
import type { Frame, Framer } from '../../src/media/framer.ts';

/** A file that `test/fixtures/make-audio.sh` made. */
export function audioFixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url));
}

/** Feeds `bytes` in chunks of `step` and ends the stream. */
export function frameAll(framer: Framer, bytes: Buffer, step = Math.max(1, bytes.length)): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += step) frames.push(...framer.push(bytes.subarray(at, at + step)));
  return [...frames, ...framer.flush()];
}

export function joinFrames(frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.map(({ data }) => data));
}

export function totalSeconds(frames: readonly Frame[]): number {
  return frames.reduce((sum, { durationUs }) => sum + durationUs, 0) / 1e6;
}

/** What must not hang on how a stream is cut into chunks: all of a frame but the identity of its format. */
export function frameDigest(frames: readonly Frame[]): unknown[] {
  return frames.map(({ data, durationUs, format, metadata }) => [
    data.toString('latin1'),
    durationUs,
    format.codec,
    format.sampleRate,
    format.latticeBytes,
    format.headers.length,
    metadata?.title,
  ]);
}
