/**
 * Finished takes, as the API tells of them: `take.json` without what only programs compare.
 * @module
 */
import { z } from 'zod';
import { takeSchema } from '../proof/take-schema.ts';
import { histogramSchema, lossMapSchema } from '../view/schema.ts';

const trackShape = takeSchema.shape.tracks.unwrap().element.shape;
const count = () => z.int().min(0);

/** A take in a line. */
export const takeSummarySchema = z.object({
  name: z.string().describe('Of its folder'),
  startUtc: z.iso.datetime().optional(),
  endUtc: z.iso.datetime().optional().describe('Missing while it is recorded'),
  seconds: z.number().min(0),
  tracks: count(),
  isIdentical: z.boolean(),
  words: z.string().describe('The verdict, or why it cannot be read'),
});

const takeTrackSchema = z.object({
  name: z.string(),
  file: z.string().optional().describe('For `/api/v1/takes/NAME/FILE`; missing when there is none'),
  bytes: count().optional(),
  encoding: trackShape.encoding,
  sampleRate: count(),
  channels: count(),
  frames: count(),
  sent: z.string().optional().describe('SHA-256 of all samples as they were sent'),
  recorded: z.string().optional(),
  offsetFrames: z.int().nullable(),
  missing: z
    .object({
      gaps: count(),
      frames: count(),
      first: z
        .array(z.tuple([count(), count(), z.string()]).readonly())
        .describe('At most 100: first frame, frames, cause'),
    })
    .describe('What is missing now'),
  missingBeforeRepair: z.object({ gaps: count(), frames: count() }).optional(),
  packets: trackShape.packets,
  spacing: histogramSchema.optional(),
  lateness: histogramSchema.optional(),
  map: lossMapSchema,
  verdict: trackShape.verdict,
});

/** A take with its tracks. */
export const takeViewSchema = takeSummarySchema.extend({
  clocks: takeSchema.shape.clocks,
  repairs: z.array(z.object({ utc: z.iso.datetime(), from: z.string(), frames: count(), words: z.string() })),
  details: z.array(takeTrackSchema),
});

export type TakeSummary = z.infer<typeof takeSummarySchema>;
export type TakeView = z.infer<typeof takeViewSchema>;
export type TakeTrackView = TakeView['details'][number];
