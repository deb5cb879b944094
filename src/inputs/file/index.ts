import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { defineInput } from '../../modules/input.ts';
import { durationMs } from '../../modules/values.ts';
import { FilePlayer } from './player.ts';

const RANDOM_STEPS = 2 ** 32;

/** Makes the `file` input; `random` (0 to below 1) is for `shuffle` and replaced by tests. */
export function createFileInput(random: () => number = () => randomInt(RANDOM_STEPS) / RANDOM_STEPS) {
  return defineInput({
    type: 'file',
    summary: 'Plays an MP3, AAC or Ogg file, a folder of them or a playlist, in real time.',
    startOnDemand: true,
    schema: z.strictObject({
      path: z
        .string()
        .min(1)
        .max(4096)
        .describe('File, folder (with its subfolders) or playlist (.m3u, .m3u8, .pls, .xspf).'),
      loop: z.boolean().default(true).describe('Begin again at the end. A folder or playlist is read anew each time.'),
      shuffle: z.boolean().default(false).describe('Play in a random order, another one each round.'),
      lead: durationMs({ max: '10m' }).prefault('0s').describe('How far ahead of real time the audio is handed on.'),
      folders: z
        .array(z.string().min(1).max(4096))
        .max(64)
        .default([])
        .describe("Folders that a playlist's entries may lie in, beside the playlist's own."),
    }),
    async run(context) {
      const player = new FilePlayer(context, random);
      context.onReport(() => player.report());
      try {
        await untilAborted(player.play(), context.signal);
      } finally {
        player.end();
      }
    },
  });
}

/** Plays an MP3, AAC or Ogg file, a folder of them or a playlist, in real time. */
export default createFileInput();

/** Resolves with `work`, or at once when `signal` aborts: a disk that hangs must not hold a shutdown. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
