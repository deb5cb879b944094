/**
 * `take.json`: what was sent or recorded, to the sample. A sender's has the accounts `sent`, a recorder's `recorded`;
 * once they are compared both are in the recorder's.
 * @module
 */
import { z } from 'zod';
import { GAP_CAUSES, type GapCause } from './gap-list.ts';

const MAX_TRACKS = 4096;
const MAX_GAPS = 200_000;
const MAX_BINS = 512;
const MAX_BLOCKS = 1024;
const MAX_RUNS = 1000;
const MAX_REPAIRS = 100;
const MAX_SENDERS = 64;

const count = () => z.int().min(0);
const amount = () => z.number().min(0);
const text = (most: number) => z.string().max(most);
const utc = () => z.iso.datetime();
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

const pcm = z.strictObject({
  startFrame: count().describe('Position of the first sample frame, from the start of the session'),
  frames: count(),
  sha256: hex(64).describe('Of all samples, interleaved, little endian: the data chunk of the WAV file'),
  blocks: z.strictObject({
    frames: z.int().min(1).describe('Sample frames of a block; block n begins at position n times that'),
    first: count(),
    digests: z.array(hex(32).nullable()).max(MAX_BLOCKS).readonly().describe('null: not all of the block is there'),
  }),
});

const histogram = z.strictObject({
  count: count(),
  p50Us: amount(),
  p99Us: amount(),
  p999Us: amount(),
  maxUs: amount(),
  bins: z
    .array(z.tuple([amount(), count()]))
    .max(MAX_BINS)
    .describe('Upper end in microseconds, and how many'),
});

const packets = z.strictObject({
  sent: count().optional(),
  received: count().optional(),
  lost: count().optional().describe('Never came, nor by repair'),
  late: count().optional().describe('Came after their place had been written'),
  duplicated: count().optional(),
  reordered: count().optional(),
  repaired: count().optional().describe('Lost at first, and had after all'),
});

const clock = z.strictObject({
  source: z.enum(['ntp', 'ptp', 'local']),
  server: text(300).optional(),
  offsetMs: z.number().nullable().describe('How far this clock is ahead of the source; null: not measured'),
  errorBoundMs: amount().nullable().describe('How wrong the offset can be; null: not known'),
});

const run = z.strictObject({
  start: count().describe('Position of its first sample frame'),
  ssrc: count(),
  timestamp: count().describe('RTP timestamp of that sample frame'),
  placedBy: z
    .enum(['media clock', 'sender reports', 'arrival'])
    .optional()
    .describe('What told its place among the other tracks'),
});

const causes = Object.keys(GAP_CAUSES) as [GapCause, ...GapCause[]];

const gaps = () =>
  z
    .array(z.tuple([count(), z.int().min(1), z.enum(causes)]).readonly())
    .max(MAX_GAPS)
    .readonly();

const sessionStretch = z.strictObject({
  session: text(200).optional().describe('Of which session it is; not there when nobody says so'),
  start: count().describe('Position of its first sample frame'),
  frames: count(),
  sessionStart: count().optional().describe('The sample frame of the session that is its first one'),
  sentSha256: hex(64).optional(),
  recordedSha256: hex(64),
  offsetFrames: z.literal(0).nullable().describe('0: identical to what was sent, at its place; null: not known'),
  words: text(300),
});

const track = z.strictObject({
  name: text(256),
  file: text(4096).optional().describe('Name of the file, beside the account'),
  encoding: z.enum(['L16', 'L24']),
  sampleRate: count(),
  channels: count(),
  channel: count().optional().describe('The first channel of the flow that is in it, from 0'),
  flow: z
    .strictObject({ name: text(256), channels: count(), sent: pcm.optional(), recorded: pcm.optional() })
    .optional()
    .describe('The flow of several channels that it is one of, with the hashes of all of them interleaved'),
  runs: z
    .array(run)
    .max(MAX_RUNS)
    .readonly()
    .optional()
    .describe('Runs of RTP timestamps: where the sound belongs in what was sent'),
  arrivalErrorMs: amount()
    .optional()
    .describe(
      'Of runs that are placed by arrival: how much too late they can be, by the fastest packet of their first 10 s',
    ),
  sent: pcm.optional(),
  recorded: pcm.optional(),
  sessions: z
    .array(sessionStretch)
    .max(MAX_RUNS)
    .readonly()
    .optional()
    .describe('Where the sender was started again meanwhile: what is of each of its sessions, proven by itself'),
  offsetFrames: z.int().nullable().describe('Of what was recorded against what was sent; null: not known'),
  gaps: gaps().describe('Position of the first missing sample frame, how many are missing, why'),
  gapsAreExact: z.boolean().describe('False: there were more than are kept, so neighbours were joined'),
  failure: text(300).optional().describe('Why the file ended before the take did'),
  gapsBeforeRepair: gaps().optional().describe('What was missing when the take ended'),
  packets,
  spacing: histogram.optional().describe('How far packets were from their nominal distance'),
  lateness: histogram.optional().describe('How long after its slot a packet left, or came'),
  verdict: z.strictObject({
    kind: z.enum(['identical', 'excerpt', 'part', 'gaps', 'differs', 'shifted', 'missing', 'unproven']),
    words: text(1000),
  }),
});

const servedFlow = z.strictObject({
  ssrc: count(),
  timestamp: count().describe('RTP timestamp of the first sample frame of the session'),
  sampleRate: count(),
  channels: count(),
  sampleBytes: z.union([z.literal(2), z.literal(3)]),
  frames: count().describe('Sample frames that had been sent then'),
});

const repairAddress = z.strictObject({
  host: text(253),
  port: z.int().min(1).max(65_535),
  session: text(200),
  key: text(100).optional().describe('Public key of the sender; without it a shared key is needed'),
  flows: z
    .array(servedFlow)
    .max(MAX_TRACKS)
    .readonly()
    .optional()
    .describe('What it said that it sends, while the take was recorded'),
});

const repair = z.strictObject({
  utc: utc(),
  from: text(300),
  frames: count().describe('Sample frames that were fetched, of all tracks'),
  words: text(1000),
});

/** The shape of `take.json`. */
export const takeSchema = z.strictObject({
  version: z.literal(1),
  session: z.strictObject({ id: text(200), name: text(256) }),
  startUtc: utc().describe('Position 0, by the clock of who wrote this'),
  endUtc: utc().optional(),
  clocks: z.strictObject({ sender: clock.optional(), recorder: clock.optional() }),
  tracks: z.array(track).max(MAX_TRACKS).readonly(),
  repairFrom: z.array(repairAddress).max(MAX_SENDERS).readonly().optional().describe('Who can fill the gaps'),
  repairs: z.array(repair).max(MAX_REPAIRS).readonly().optional().describe('What was fetched after the take'),
  verdict: z.strictObject({ isIdentical: z.boolean(), words: text(1000) }),
});

/** An account of a take. */
export type Take = z.infer<typeof takeSchema>;
export type TakeTrack = Take['tracks'][number];
/** A part of a track that is of one session. */
export type SessionStretch = NonNullable<TakeTrack['sessions']>[number];
/** Where a sender serves what was lost. */
export type RepairAddress = z.infer<typeof repairAddress>;
export type TakeClock = z.infer<typeof clock>;
export type TrackVerdict = TakeTrack['verdict'];
