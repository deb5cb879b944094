/**
 * The plan of a session as JSON.
 * @module
 */
import { z } from 'zod';

const count = () => z.int().min(0);
const amount = () => z.number().min(0);
const encoding = () => z.enum(['L16', 'L24']);

const track = z.strictObject({
  name: z.string(),
  sampleRate: count(),
  channels: count(),
  encoding: encoding(),
  conversion: z
    .enum(['none', 'exact', 'rounded'])
    .describe(
      '`none` the bytes are sent as they are; `exact` in another width, the values stay; `rounded` values change',
    ),
});

const flow = z.strictObject({
  encoding: encoding(),
  sampleRate: count(),
  channels: count(),
  sources: z
    .array(
      z.strictObject({
        track: count().describe('Index in `tracks`'),
        firstChannel: count().describe('Of the track, from 0'),
        channels: count(),
      }),
    )
    .describe('What the channels of the flow are, in their order'),
  framesPerPacket: count(),
  packetTimeUs: amount().describe('What those frames last, exactly'),
  payloadBytes: count(),
  packetsPerSecond: amount(),
  megabitsPerSecond: amount().describe('On an Ethernet: RTP, UDP, IP and Ethernet with its gap included'),
});

const refusal = z.strictObject({
  code: z.enum(['tracks', 'rates', 'float', 'convert', 'ptime', 'layout', 'payload', 'packet-rate']),
  reason: z.string(),
  remedy: z.string(),
});

const latencyPart = z.strictObject({
  name: z.string(),
  us: amount(),
  basis: z
    .enum(['exact', 'chosen', 'measured', 'assumed'])
    .describe('`exact` follows from the plan; `chosen` is an option; `measured` on this machine or network'),
});

/** The shape of a plan. */
export const packetPlanSchema = z.strictObject({
  ptimeUs: amount().describe('The packet time that was asked for'),
  ipVersion: z.literal([4, 6]),
  tracks: z.array(track),
  flows: z.array(flow),
  additions: z
    .array(z.strictObject({ name: z.string(), packetsPerSecond: amount(), megabitsPerSecond: amount() }))
    .describe('What is sent beside the flows: redundancy, the second network; counted in `total`'),
  total: z.strictObject({ channels: count(), packetsPerSecond: amount(), megabitsPerSecond: amount() }),
  latency: z.strictObject({ parts: z.array(latencyPart), totalUs: amount() }),
  notes: z.array(z.string()).describe('What is worth knowing before it begins'),
  refusals: z.array(refusal).describe('Why it cannot begin; empty when it can'),
});

/** What a session will put on the network. */
export type PacketPlan = z.infer<typeof packetPlanSchema>;
export type PlannedTrack = PacketPlan['tracks'][number];
export type PlannedFlow = PacketPlan['flows'][number];
export type PlanAddition = PacketPlan['additions'][number];
export type PlanRefusal = PacketPlan['refusals'][number];
export type LatencyPart = PacketPlan['latency']['parts'][number];
