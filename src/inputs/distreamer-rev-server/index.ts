import { z } from 'zod';
import { aborted } from '../../core/aborted.ts';
import { defineInput } from '../../modules/input.ts';
import { durationMs, generatedSecret, listenAddress } from '../../modules/values.ts';
import { ExchangeServer } from '../../net/exchange-server.ts';
import { PollExchange } from '../../protocols/distreamer/poll-exchange.ts';
import { keptReader, reportOf } from '../distreamer/kept-reader.ts';
import { PostedStream } from './posted-stream.ts';

/** DiStreamer's DiStreamerRevServer: a sender posts one fragment after the other. */
export default defineInput({
  type: 'distreamer-rev-server',
  summary: 'Takes a stream that a sender posts: DiStreamer’s polling push (DiStreamerRevServer).',
  schema: z.strictObject({
    listen: listenAddress().prefault({ port: 5080 }).describe('Where the sender connects.'),
    password: generatedSecret().describe('Password that the sender gives.'),
    timeout: durationMs({ min: '1s' })
      .prefault('30s')
      .describe('A sender that asks and posts nothing for so long is taken to be gone; it may come back.'),
    maxConnections: z.int().min(1).max(1000).default(20).describe('Most connections at once.'),
  }),
  overLine: true,
  async run(context) {
    const { options, network, clock, signal } = context;
    const reader = keptReader(context.memory, { oggHeaderIn: 'list' });
    const counters = { lists: 0, posts: 0, passwords_refused: 0, refused: 0 };
    const posted = new PostedStream({ context, reader, timeoutMs: options.timeout, counters });
    const server = new ExchangeServer({
      clock,
      maxConnections: options.maxConnections,
      timeoutMs: options.timeout,
      begin: (address) => new PollExchange(posted.serviceFor(address, options.password ?? '')),
      onAnswer: ({ outcome }) => {
        if (outcome === 'password-refused') counters.passwords_refused++;
        if (outcome === 'refused') counters.refused++;
      },
    });
    context.onReport(() => {
      const report = reportOf(reader);
      return { ...report, counters: { ...report.counters, ...server.counters, ...counters } };
    });
    try {
      const listening = await network.listen(options.listen, (socket) => server.accept(socket));
      await aborted(signal);
      listening.close();
    } finally {
      server.close();
      posted.close();
    }
  },
});
