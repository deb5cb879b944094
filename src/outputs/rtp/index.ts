/**
 * Sends a stream of PCM as one RTP flow, paced on its own grid by a thread of its own. The flow never pauses: where the
 * stream has nothing, silence is sent and counted, so that receivers keep their lock.
 * @module
 */
import { z } from 'zod';
import { systemRandom } from '../../core/random.ts';
import { defineOutput } from '../../modules/output.ts';
import { durationMs } from '../../modules/values.ts';
import { sendStream } from './send.ts';

/** Sends a stream of PCM as an AES67 flow. */
export default defineOutput({
  type: 'rtp',
  summary: 'Sends a stream of PCM as an AES67 flow by RTP (L16 or L24), with its description by SDP and SAP.',
  schema: z.strictObject({
    address: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe("A multicast group, or a receiver's address or name; a group of this machine's own when left out."),
    port: z.int().min(1024).max(65_534).default(5004).describe('UDP port.'),
    interface: z
      .string()
      .max(64)
      .optional()
      .describe('Address of the network card to send from; the system chooses when left out.'),
    ttl: z.int().min(1).max(255).default(32).describe('How many routers multicast may pass.'),
    ptime: z
      .union([z.literal(0.125), z.literal(0.25), z.literal(0.333), z.int().min(1).max(20)])
      .default(1)
      .describe('Audio in one packet, in milliseconds: 0.125, 0.25, 0.333, or 1 to 20.'),
    encoding: z
      .enum(['L16', 'L24'])
      .optional()
      .describe('L16 for PCM of 16 bit and L24 for 24 bit when left out. Another width cuts or fills the lowest bits.'),
    profile: z
      .enum(['aes67', 'dante', 'plain'])
      .default('aes67')
      .describe('For whose receivers the description is written.'),
    name: z.string().max(128).optional().describe("The session's name; the stream's when left out."),
    announce: z.boolean().default(true).describe('Announce the flow by SAP.'),
    sdp: z.string().max(4096).optional().describe('File to write the description to.'),
    delay: durationMs({ min: '20ms', max: '10s' })
      .prefault('200ms')
      .describe('Audio that waits to be sent, against an uneven input. It comes on top of the reserve.'),
  }),
  run: (context) => sendStream(context, systemRandom),
});
