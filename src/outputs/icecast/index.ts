import { z } from 'zod';
import { defineOutput } from '../../modules/output.ts';
import { durationMs, listenAddress, mountPath, sizeBytes } from '../../modules/values.ts';
import { runStreamMount } from '../listeners/run.ts';

/** Players listen here, as to an Icecast or Shoutcast server. */
export default defineOutput({
  type: 'icecast',
  summary: 'Players listen to this node, as to an Icecast or Shoutcast server.',
  schema: z.strictObject({
    mount: mountPath().describe('The path at which players listen.'),
    burst: durationMs({ max: '60s' })
      .prefault('3s')
      .describe('Audio that a new listener is sent at once, so that sound starts without waiting.'),
    tick: durationMs({ min: '20ms', max: '5s' })
      .prefault('500ms')
      .describe('A listener is written to at most once in this time. Longer costs less, and delays by up to as much.'),
    metadataInterval: z
      .int()
      .min(0)
      .max(1_048_576)
      .optional()
      .describe(
        'Audio bytes between two titles, for players that ask for them; 0 for none. Chosen by the format when left out.',
      ),
    slowAfter: durationMs()
      .prefault('30s')
      .describe('A listener that could not take all it was sent for so long is disconnected; 0s never.'),
    maxQueue: sizeBytes().prefault('2MiB').describe('And one that has more than this waiting.'),
    maxListeners: z.int().min(0).optional().describe('Listeners at once; more are turned away.'),
    hidden: z.boolean().default(false).describe('Leave the mount out of the public lists.'),
    rangeProbe: z.boolean().default(true).describe("Answer Safari's two-byte probe as it expects."),
    listen: listenAddress().optional().describe("A port of its own; the node's port when left out."),
  }),
  historyMs: (options) => options.burst + 2 * options.tick + 1300,
  run: (context) => {
    const { options } = context;
    return runStreamMount(context, {
      ...options,
      burstMs: options.burst,
      tickMs: options.tick,
      slowAfterMs: options.slowAfter,
      maxQueuedBytes: options.maxQueue,
    });
  },
});
