import { z } from 'zod';
import { defineOutput } from '../../modules/output.ts';
import { durationMs, listenAddress } from '../../modules/values.ts';
import { runStreamMount } from '../listeners/run.ts';

/** DiStreamer's ShoutcastServer: listeners on a port of its own, at any path. */
export default defineOutput({
  type: 'distreamer-shoutcast-server',
  summary: "DiStreamer's ShoutcastServer: listeners on a port of its own, at any path.",
  schema: z.strictObject({
    listen: listenAddress().prefault({ host: '0.0.0.0', port: 8080 }).describe('Where players connect.'),
    requireUrl: z.string().max(256).default('').describe('The only path (without `/`) that is served; empty for any.'),
    timeout: durationMs()
      .prefault('30s')
      .describe('A listener that could not take all it was sent for so long is disconnected; 0s never.'),
    burst: durationMs({ max: '60s' }).prefault('3s').describe('Audio that a new listener is sent at once.'),
    metadataInterval: z.int().min(0).max(1_048_576).optional().describe('Audio bytes between two titles.'),
  }),
  historyMs: (options) => options.burst + 2300,
  run: (context) => {
    const { listen, requireUrl, timeout, burst, metadataInterval } = context.options;
    const { stream, clock } = context;
    return runStreamMount(context, {
      mount: '*',
      burstMs: burst,
      tickMs: 500,
      metadataInterval,
      slowAfterMs: timeout,
      maxQueuedBytes: 4 * 2 ** 20,
      hidden: false,
      rangeProbe: true,
      listen,
      refuse: (request) => {
        if (requireUrl && request.path !== `/${requireUrl}`) return { status: '403 Forbidden', text: 'Not authorized' };
        return stream.released ? undefined : { status: '404 Not Found', text: 'No stream yet' };
      },
      stats: (hub) => ({
        connectedClients: hub.size,
        fragmentsList: Array.from(stream.buffer.from(0), (fragment) => fragment.sequence),
        storeAge: stream.startedUtcMs === undefined ? 0 : Math.floor((clock.utcMs() - stream.startedUtcMs) / 1000),
      }),
    });
  },
});
