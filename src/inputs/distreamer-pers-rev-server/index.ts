import { z } from 'zod';
import { aborted } from '../../core/aborted.ts';
import { defineInput } from '../../modules/input.ts';
import { durationMs, generatedSecret, listenAddress } from '../../modules/values.ts';
import { keptReader, reportOf } from '../distreamer/kept-reader.ts';
import { Senders } from './senders.ts';

/** DiStreamer's DiStreamerPersRevServer: a sender connects and comes back after an outage. */
export default defineInput({
  type: 'distreamer-pers-rev-server',
  summary: 'Takes a stream over a line that may fail: DiStreamer’s persistent push (DiStreamerPersRevServer).',
  schema: z.strictObject({
    listen: listenAddress().prefault({ port: 3080 }).describe('Where the sender connects.'),
    password: generatedSecret().describe('Password that the sender gives.'),
    timeout: durationMs({ min: '100ms', max: '1h' })
      .prefault('5s')
      .describe('A sender that sends nothing for so long is disconnected; it comes back.'),
    maxConnections: z.int().min(1).max(1000).default(20).describe('Most connections at once.'),
  }),
  overLine: true,
  async run(context) {
    const { options, network, signal } = context;
    const reader = keptReader(context.memory);
    const { password = '', timeout: timeoutMs, maxConnections } = options;
    const senders = new Senders({ context, reader, password, timeoutMs, maxConnections });
    context.onReport(() => {
      const report = reportOf(reader);
      return { ...report, counters: { ...report.counters, ...senders.counters } };
    });
    try {
      const listening = await network.listen(options.listen, (socket) => senders.accept(socket));
      await aborted(signal);
      listening.close();
    } finally {
      senders.close();
    }
  },
});
