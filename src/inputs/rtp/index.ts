import { z } from 'zod';
import { systemRandom } from '../../core/random.ts';
import { defineInput } from '../../modules/input.ts';
import { durationMs } from '../../modules/values.ts';
import { receiveFlow } from './receive.ts';

/** Receives one flow of linear PCM by RTP. */
export default defineInput({
  type: 'rtp',
  summary: 'Receives a flow of linear PCM by RTP: AES67, Dante in AES67 mode, Ravenna, or any sender of L16 or L24.',
  schema: z.strictObject({
    source: z
      .string()
      .min(1)
      .max(4096)
      .describe(
        'An SDP file, `sap://NAME` of an announced session, or `GROUP:PORT`, `ADDRESS:PORT` or `:PORT` without a description.',
      ),
    flow: z.int().min(1).max(1000).default(1).describe('Which flow of a description with several, counted from 1.'),
    encoding: z.enum(['L16', 'L24']).default('L24').describe('Of a flow without a description.'),
    sampleRate: z.int().min(8000).max(384_000).default(48_000).describe('Of a flow without a description.'),
    channels: z.int().min(1).max(64).default(2).describe('Of a flow without a description.'),
    payloadType: z
      .int()
      .min(0)
      .max(127)
      .optional()
      .describe('Of a flow without a description; any dynamic one (96 to 127) when left out.'),
    interface: z
      .string()
      .max(64)
      .optional()
      .describe('Address of the network card for groups and announcements; found out when left out.'),
    buffer: durationMs({ min: '5ms', max: '10s' })
      .prefault('200ms')
      .describe('Jitter buffer: packets wait so long for those that are missing before them.'),
    maxSilence: durationMs({ max: '60s' })
      .prefault('2s')
      .describe(
        'Audio that is missing becomes silence of exactly its length up to this; a longer outage is left out and told as one.',
      ),
    repair: z.boolean().default(true).describe('Ask the sender for lost packets again (RTCP NACK), if it takes that.'),
    timeout: durationMs({ min: '1s', max: '1h' })
      .prefault('10s')
      .describe(
        'How long an announced session is looked for at a time, and after which silence the ports are opened anew.',
      ),
  }),
  run: (context) => receiveFlow(context, systemRandom),
});
