import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../support/seeded-random.ts';
import { plainFmt, wavChunk, wavFile } from '../../support/wav.ts';

/** Writes two seconds of noise, 16 bit stereo at 48 kHz. */
export function writeNoise(folder: string, name: string): void {
  const random = seededRandom(3);
  const pcm = Buffer.alloc(96_000 * 4);
  for (let at = 0; at < pcm.length; at++) pcm[at] = Math.floor(random() * 256);
  const chunks = [wavChunk('fmt ', plainFmt({ rate: 48_000, channels: 2, bits: 16 })), wavChunk('data', pcm)];
  writeFileSync(join(folder, name), wavFile(chunks));
}
