import { z } from 'zod';
import { aborted } from '../../core/aborted.ts';
import { defineOutput } from '../../modules/output.ts';
import { durationMs, generatedSecret, listenAddress, sizeBytes } from '../../modules/values.ts';
import { followStream } from '../distreamer/followed-store.ts';
import { STORE_OPTIONS } from '../distreamer/store-options.ts';
import { PullClients } from './pull-clients.ts';

/** DiStreamer's DiStreamerPersServer: offers the buffer to clients who come back after an outage. */
export default defineOutput({
  type: 'distreamer-pers-server',
  summary: 'Offers the buffer over a line that may fail: DiStreamer’s persistent protocol (DiStreamerPersServer).',
  schema: z.strictObject({
    listen: listenAddress().prefault({ port: 4080 }).describe('Where clients connect.'),
    password: generatedSecret().describe('Password that clients give.'),
    interval: durationMs({ min: '100ms', max: '1m' })
      .prefault('1s')
      .describe('How often a client is told what there is. Clients give up after some seconds of silence.'),
    ...STORE_OPTIONS,
    timeout: durationMs({ min: '1s' })
      .prefault('30s')
      .describe('A client that could take nothing for so long is disconnected; it may come back.'),
    queueLimit: sizeBytes()
      .prefault('256KiB')
      .describe('Bytes that wait for one client at most; one that reads slowly gets the rest later.'),
    maxClients: z.int().min(1).max(100_000).default(1000).describe('Most connections at once.'),
  }),
  async run(context) {
    const { options, clock, network, signal, log } = context;
    const { store, close } = followStream(context, () => clients.feed());
    const clients = new PullClients({ ...options, password: options.password ?? '', store, clock, log });
    try {
      const server = await network.listen(options.listen, (socket) => clients.accept(socket));
      context.onReport(() => ({ ...clients.report(), target: `${options.listen.host} port ${server.port}` }));
      const timer = clock.every(options.interval, () => clients.interval());
      await aborted(signal);
      timer.cancel();
      server.close();
    } finally {
      close();
      clients.close();
    }
  },
});
