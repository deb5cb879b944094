import { z } from 'zod';
import { defineInput } from '../../modules/input.ts';
import { durationMs } from '../../modules/values.ts';
import { WavPlayer } from './player.ts';

const path = () => z.string().min(1).max(4096);

/** Plays WAV, BWF and RF64 files as PCM, in real time and sample for sample. */
export default defineInput({
  type: 'wav',
  summary: 'Plays WAV, BWF or RF64 files as PCM, in real time: one file, several, or those of folders.',
  startOnDemand: true,
  schema: z.strictObject({
    path: z
      .union([path(), z.array(path()).min(1).max(1024)])
      .describe('File or folder, or a list of them. A folder stands for the WAV files right in it, in natural order.'),
    loop: z.boolean().default(true).describe('Begin again at the end. Folders are read anew each time.'),
    float: z.boolean().default(false).describe('Take files of 32-bit float too, rounded to 24 bit.'),
    lead: durationMs({ max: '10m' }).prefault('0s').describe('How far ahead of real time the audio is handed on.'),
  }),
  async run(context) {
    const player = new WavPlayer(context);
    context.onReport(() => player.report());
    try {
      await player.play();
    } finally {
      player.end();
    }
  },
});
