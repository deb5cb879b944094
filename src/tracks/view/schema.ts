/**
 * Tracks that are recorded, sent or heard now, as the API tells of them. Lists are maps by number, so that a JSON Merge
 * Patch can tell of one entry.
 * @module
 */
import { z } from 'zod';

const amount = () => z.number().min(0);

/** A histogram of times in microseconds. */
export const histogramSchema = z.object({
  count: z.int().min(0),
  p50Us: amount(),
  p99Us: amount(),
  p999Us: amount(),
  maxUs: amount(),
  bins: z
    .array(z.tuple([amount(), z.int().min(0)]).readonly())
    .readonly()
    .describe('Upper end in microseconds, each twice the one before at least, and how many'),
});

/** What became of the packets over time. */
export const lossMapSchema = z.object({
  cellSeconds: z.number(),
  pieces: z
    .record(z.string(), z.string())
    .describe('Piece n has cells 30 n to 30 n + 29, a digit each: 0 nothing, 1 whole, 2 repaired, 3 lost'),
});

const flowSchema = z.object({
  title: z.string(),
  state: z.enum(['waiting', 'running', 'silent', 'ended']),
  address: z.string().optional().describe('Administrators only'),
  encoding: z.string(),
  sampleRate: z.int().min(1),
  channels: z.int().min(1),
  counters: z.record(z.string(), z.number()).describe('Totals by snake_case name'),
  bufferMs: amount().optional().describe('Audio that waits'),
  jitterMs: amount().optional(),
  driftPpm: z.number().optional().describe("How much faster than ours the sender's clock is"),
  gapSeconds: amount().optional(),
  map: lossMapSchema.optional(),
  spacing: histogramSchema.optional().describe('How far packets were from their nominal distance'),
  lateness: histogramSchema.optional().describe('How much later than the fastest packet'),
});

const trackSchema = z.object({
  name: z.string(),
  flow: z.int().min(0).describe('Number of its flow'),
  channels: z.int().min(1).describe('Of which each has three numbers in `meters`'),
  file: z.string().optional().describe('Administrators only'),
  problem: z.string().optional().describe('Why it ended early or is silent'),
});

/** Tracks that belong together. */
export const trackSessionSchema = z.object({
  kind: z.enum(['record', 'send', 'stream']),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'repairing', 'ended']),
  startUtc: z.iso.datetime().optional(),
  seconds: z.number().describe('Position; below 0 before the start'),
  totalSeconds: amount().optional(),
  take: z.string().optional().describe('Name of its take in `/api/v1/takes`; administrators only'),
  words: z.string().optional().describe('The newest note about it; administrators only'),
  targetBufferMs: amount().optional(),
  lateness: histogramSchema.optional().describe('How long after its slot a packet left'),
  flows: z.record(z.string(), flowSchema).describe('By number, from 0'),
  tracks: z.record(z.string(), trackSchema).describe('By number, from 0'),
});

/** All tracks of a node, by the name of what they belong to. */
export const tracksSchema = z.object({ sessions: z.record(z.string(), trackSessionSchema) });

export type TrackSession = z.infer<typeof trackSessionSchema>;
export type TrackFlow = z.infer<typeof flowSchema>;
export type Track = z.infer<typeof trackSchema>;
export type TracksSnapshot = z.infer<typeof tracksSchema>;

/** A list as a map by number. */
export function byNumber<Item>(items: readonly Item[]): Record<string, Item> {
  return Object.fromEntries(items.entries());
}
