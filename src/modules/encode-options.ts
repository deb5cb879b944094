import { z } from 'zod';
import type { OutputModule } from './output.ts';

/** Bitrates of MP3 in kbit/s that the encoder takes; those below 32 come with the lower sample rates of MPEG-2. */
const MP3_KBPS = [8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const OPUS_KBPS = { least: 6, most: 510 };

/** The npm package that encodes each codec; optional, so it may be missing. */
export const ENCODER_PACKAGES = { mp3: 'wasm-media-encoders', opus: '@evan/opus' } as const;

const bitrate = () =>
  z
    .string({ error: 'expected a rate such as 128kbit/s' })
    .regex(/^\d{1,3}kbit\/s$/, 'expected a rate such as 128kbit/s')
    .transform((text) => Number.parseInt(text, 10));

/** How PCM is encoded for an output. */
export const encodeSchema = z
  .strictObject({
    codec: z.enum(['mp3', 'opus']).describe('`mp3` or `opus` (in Ogg). Each needs its package, see the docs.'),
    bitrate: bitrate()
      .prefault('128kbit/s')
      .describe('Of all channels together: one of those of MP3, or 6 to 510 kbit/s for Opus.'),
    channels: z
      .array(z.int().min(1).max(64))
      .min(1)
      .max(2)
      .optional()
      .describe('Which channels of the stream, counted from 1; the first two when left out.'),
  })
  .superRefine(({ codec, bitrate: kbps }, { addIssue }) => {
    const message = codec === 'mp3' ? mp3Problem(kbps) : opusProblem(kbps);
    if (message !== undefined) addIssue({ code: 'custom', path: ['bitrate'], message });
  });

/** Settings of an encoder; `bitrate` in kbit/s. */
export type EncodeSettings = z.output<typeof encodeSchema>;

/** The same output with the option `encode`, which the stream sees to: the module is handed the encoded stream. */
export function withEncode(module: OutputModule): OutputModule {
  const encode = encodeSchema
    .optional()
    .describe('Encode PCM for this output. Audio that is encoded already is passed on as it came.');
  return { ...module, schema: module.schema.extend({ encode }) };
}

/** What an output of a stream wants encoded; undefined: the stream as it is. */
export function encodeSettingsOf({ encode }: { readonly encode?: unknown }): EncodeSettings | undefined {
  return encode as EncodeSettings | undefined;
}

function mp3Problem(kbps: number): string | undefined {
  return MP3_KBPS.includes(kbps) ? undefined : `MP3 has the bitrates ${MP3_KBPS.join(', ')} kbit/s`;
}

function opusProblem(kbps: number): string | undefined {
  const { least, most } = OPUS_KBPS;
  return kbps >= least && kbps <= most ? undefined : `Opus takes ${least} to ${most} kbit/s`;
}
