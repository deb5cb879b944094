import { z } from 'zod';
import { aborted } from '../../core/aborted.ts';
import { defineOutput, type OutputReport } from '../../modules/output.ts';
import { durationMs, generatedSecret, listenAddress } from '../../modules/values.ts';
import { ExchangeServer } from '../../net/exchange-server.ts';
import { PollExchange } from '../../protocols/distreamer/poll-exchange.ts';
import { followStream } from '../distreamer/followed-store.ts';
import { STORE_OPTIONS } from '../distreamer/store-options.ts';

/** DiStreamer's DiStreamerServer: offers the buffer to clients that ask for one fragment after the other. */
export default defineOutput({
  type: 'distreamer-server',
  summary: 'Offers the buffer to clients that poll: DiStreamer’s polling protocol (DiStreamerServer).',
  schema: z.strictObject({
    listen: listenAddress().prefault({ port: 7080 }).describe('Where clients connect.'),
    password: generatedSecret().describe('Password that clients give.'),
    ...STORE_OPTIONS,
    timeout: durationMs({ min: '1s' })
      .prefault('30s')
      .describe('A client that takes nothing for so long is disconnected; it may come back.'),
    maxClients: z.int().min(1).max(100_000).default(1000).describe('Most connections at once.'),
  }),
  async run(context) {
    const { options, network, clock, signal } = context;
    const { store, close } = followStream(context, () => {});
    const counters = { lists: 0, fragments: 0, bytes_sent: 0, not_found: 0, passwords_refused: 0, refused: 0 };
    const service = {
      password: options.password ?? '',
      list: () => {
        counters.lists++;
        return store.pollList(store.nextNumber - 1);
      },
      fragment: (number: number) => {
        const data = store.get(number)?.data;
        counters.fragments += data ? 1 : 0;
        return data;
      },
    };
    const server = new ExchangeServer({
      clock,
      maxConnections: options.maxClients,
      timeoutMs: options.timeout,
      begin: () => new PollExchange(service),
      onAnswer: ({ outcome }, bytes) => {
        counters.bytes_sent += bytes;
        if (outcome === 'not-found') counters.not_found++;
        if (outcome === 'password-refused') counters.passwords_refused++;
        if (outcome === 'refused') counters.refused++;
      },
    });
    try {
      const { port, close: closePort } = await network.listen(options.listen, (socket) => server.accept(socket));
      const target = `${options.listen.host} port ${port}`;
      const report = (): OutputReport => ({ state: 'ready', target, counters: { ...server.counters, ...counters } });
      context.onReport(report);
      await aborted(signal);
      closePort();
    } finally {
      close();
      server.close();
    }
  },
});
