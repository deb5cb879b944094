/**
 * The shape of `GET /api/v1/status`: what can be seen of a running node. The
 * schema is the source of the types and of the JSON Schema in `docs/api.md`.
 * @module
 */
import { z } from 'zod';
import type { DiscontinuityCause } from '../../core/fragment.ts';
import { linkSchema } from './link-schema.ts';

/** Every cause of a discontinuity, in the order in which it is shown. */
export const DISCONTINUITY_CAUSES = [
  'source-restart',
  'input-switch',
  'line-loss',
  'eviction',
  'corrupt',
] as const satisfies readonly DiscontinuityCause[];

const time = () => z.iso.datetime().describe('UTC, ISO 8601');
const count = () => z.int().min(0);
const seconds = () => z.number().min(0);
const counters = () => z.record(z.string(), z.number()).describe('Totals since the start, by snake_case name');
const detail = () => z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const lastError = z
  .object({
    code: z.string().describe('A code of docs/errors.md'),
    message: z.string().describe('One line for people'),
    at: time(),
  })
  .describe('The last failure; kept after recovery');

const input = z.object({
  name: z.string().describe('`input`, `fallback 1`, `fallback 2` ...'),
  type: z.string(),
  state: z
    .enum(['connecting', 'live', 'silent', 'retrying', 'standby', 'failed', 'ended'])
    .describe(
      '`connecting` no audio yet; `live` audio comes; `silent` connected, no audio for `silence`; `retrying` waits before ' +
        'the next try; `standby` not started, not needed; `failed` given up; `ended` came to its end',
    ),
  active: z.boolean().describe('The outputs play this input'),
  since: time().describe('When `state` began'),
  peer: z.string().optional().describe('Who sends: an address or URL without credentials; administrators only'),
  agent: z.string().optional().describe('The program at the other side; administrators only'),
  reconnects: count().describe('Sessions after the first'),
  lastError: lastError.optional(),
  bytes: count().describe('Encoded audio received'),
  counters: counters(),
  detail: detail().describe('Other facts; administrators only'),
});

const output = z.object({
  name: z.string().describe('`output 1`, `output 2` ...'),
  type: z.string(),
  state: z.string().describe('One word: `ready`, `waiting`, `recording`, `failed` ...'),
  target: z.string().optional().describe('The mount it serves; a path on the disk is for administrators only'),
  listeners: count().optional(),
  since: time().describe('When the output was started last'),
  restarts: count(),
  lastError: lastError.optional(),
  counters: counters(),
  detail: detail().describe('Other facts; administrators only'),
});

const metadata = z.object({ title: z.string(), artist: z.string().optional(), url: z.string().optional() });

const ledger = z.object({
  epoch: z.string().optional().describe('The run of audio that came last; administrators only'),
  firstByte: count().optional().describe('Byte at which the ledger begins, of its first run; administrators only'),
  endByte: count().optional().describe('Byte behind the newest, of `epoch`; administrators only'),
  audioBytes: count().describe('Audio accounted for'),
  audioSeconds: seconds(),
  gaps: count(),
  repeats: count(),
});

const stream = z.object({
  name: z.string(),
  state: z
    .enum(['waiting', 'filling', 'live', 'reserve', 'fallback', 'silent'])
    .describe(
      '`waiting` no audio yet; `filling` `start: full` and the reserve is not full; `live` the input delivers; `reserve` the ' +
        'input is silent and the reserve plays; `fallback` a fallback plays; `silent` the reserve is used up',
    ),
  since: time().describe('When `state` began'),
  format: z
    .object({
      codec: z.enum(['mp3', 'aac', 'vorbis', 'opus', 'flac', 'pcm', 'opaque']),
      contentType: z.string(),
      sampleRate: count().optional().describe('Hz'),
      channels: count().optional(),
      note: z.string().optional().describe('What is unusual about the stream, in words'),
    })
    .optional()
    .describe('Missing until the first audio'),
  bitrateKbps: z.number().min(0).optional().describe('Measured over the newest audio'),
  lastsSeconds: seconds().describe('How long listeners hear sound if nothing more comes; 0 while they hear nothing'),
  buffer: z.object({
    heldSeconds: seconds().describe('Audio held'),
    keepSeconds: seconds().optional().describe('Audio that is kept when there is enough; missing when set in bytes'),
    fragments: count(),
    bytes: count(),
    reserveSeconds: seconds().describe('Audio held ahead of the listeners'),
    reserveTargetSeconds: seconds(),
    reserveLowestSeconds: seconds().describe('The lowest reserve since it was full for the first time'),
    reserveLowestHourSeconds: seconds().describe('The lowest reserve of the last hour, to the minute'),
  }),
  clock: z
    .object({
      driftPpm: z
        .number()
        .describe("By how much the source's clock is fast against ours, in millionths; negative: slow; 0 until known"),
      confident: z.boolean().describe('There was evidence enough: listeners are served at this rate'),
    })
    .optional()
    .describe('The clock of the input that plays; missing until the first audio'),
  counters: z.object({
    gaps: count().describe('Places where audio is missing or does not continue'),
    gapSeconds: seconds().describe('Audio missing, as far as known'),
    stalls: count().describe('Times that listeners were given nothing because the reserve was used up'),
    stallSeconds: seconds().describe('Time in such stalls'),
    repeats: count().describe('Places where audio was heard twice, as the ledger of the stream knows them'),
    causes: z.record(z.enum(DISCONTINUITY_CAUSES), count()).describe('`gaps` by cause'),
    skippedBytes: count().describe('Bytes that were no audio and were left out'),
    overlapBytesDropped: count().describe('Repeated audio found by its hashes after a reconnect and dropped'),
  }),
  ledger: ledger.optional().describe('The account that two ends compare; when an input or output wants one'),
  metadata: metadata.optional().describe('What listeners are shown now'),
  titles: z.array(metadata.extend({ at: time() })).describe('The last 20 titles, newest first'),
  inputs: z.array(input),
  outputs: z.array(output),
});

/** The status of a whole node. */
export const nodeStatusSchema = z.object({
  node: z.object({
    version: z.string(),
    nodeVersion: z.string().describe('The version of Node.js'),
    startedAt: time(),
    uptimeSeconds: seconds(),
  }),
  streams: z.array(stream),
  links: z.array(linkSchema).describe('Links to other nodes'),
});

/** What `GET /api/v1/status` answers. */
export type NodeStatus = z.infer<typeof nodeStatusSchema>;
/** One stream of the status. */
export type StreamStatus = z.infer<typeof stream>;
/** One input of a stream, fallbacks included. */
export type InputStatus = z.infer<typeof input>;
/** One output of a stream. */
export type OutputStatus = z.infer<typeof output>;
/** The last failure of an input or output. */
export type LastError = z.infer<typeof lastError>;
