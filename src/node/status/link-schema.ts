/**
 * The shape of a link in the status.
 * @module
 */
import { z } from 'zod';

const count = () => z.int().min(0);
const amount = () => z.number().min(0);

const path = z.object({
  id: count().describe('Tells the paths of one link apart; a path that is dialled anew gets another'),
  carrier: z.enum(['udp', 'tls', 'wss', 'ws']),
  state: z
    .enum(['attaching', 'alive', 'suspect'])
    .describe(
      '`attaching` not answered yet; `alive` it carries data; `suspect` no answer in time, asked again and again',
    ),
  local: z.string().optional().describe('`address:port`; administrators only'),
  remote: z.string().optional().describe('`address:port`; administrators only'),
  rttMs: amount().optional().describe('Round trip, smoothed; missing until it was measured'),
  minRttMs: amount().optional().describe('Lowest round trip of the last minutes'),
  lossRatio: z.number().min(0).max(1).describe('Of the packets sent so far'),
  deliveryBytesPerSecond: amount().describe('What the path was seen to deliver'),
  payloadBytes: count().describe('Longest payload that is sent now; on UDP found by probes'),
  sentBytes: count().describe('On the link, with what is sent again and what the protocol adds'),
  sentPackets: count(),
  receivedBytes: count(),
  lostPackets: count(),
  spuriousLosses: count().describe('Packets counted as lost that came after all'),
});

const send = z.object({
  name: z.string(),
  wanted: z.boolean().describe('The peer takes it'),
  unackedBytes: count().describe('Bytes that the peer is not known to have'),
  resentBytes: count(),
  skippedBytes: count().describe('Bytes that the peer lacked when they were no longer kept'),
  lagSeconds: amount().describe('How far the oldest byte that was not sent is behind the newest'),
  refillSeconds: amount()
    .optional()
    .describe(
      'Time until the peer has what it lacks, at the rate of the best path; missing when nothing waits or it does not shrink',
    ),
});

/** One link to one node. */
export const linkSchema = z.object({
  peer: z
    .string()
    .describe('The node at the other side, as the configuration calls it; `link 1`, `link 2` ... in the public form'),
  role: z.enum(['dials', 'listens']),
  state: z
    .enum(['connecting', 'up', 'down'])
    .describe('`connecting` was never up; `up` a path is alive; `down` none is'),
  since: z.iso.datetime().describe('When `state` began'),
  connects: count().describe('Times that it came up'),
  lastError: z.string().optional().describe('Why it cannot connect, in words; administrators only'),
  paths: z.array(path),
  sends: z.array(send).describe('Streams published to the peer'),
  receives: z.array(z.string()).describe('Names of the streams taken from it'),
});

/** One link of the status. */
export type LinkView = z.infer<typeof linkSchema>;
