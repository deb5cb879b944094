import { z } from 'zod';
import { defineOutput } from '../../modules/output.ts';
import { durationMs, generatedSecret, listenAddress, sizeBytes } from '../../modules/values.ts';
import { WireStore } from '../../protocols/distreamer/wire-store.ts';
import { PullClients } from './pull-clients.ts';

const MIN_FRAGMENT_BYTES = 256;
const MAX_FRAGMENT_BYTES = 4 * 2 ** 20;
/** Numbers begin at the tenths of seconds since then, so that a restart of the program never gives out a number again. */
const NUMBERS_BEGIN_UTC_MS = Date.UTC(2026, 0, 1);

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
    fragmentSize: sizeBytes()
      .refine((bytes) => bytes >= MIN_FRAGMENT_BYTES && bytes <= MAX_FRAGMENT_BYTES, 'must be from 256B to 4MiB')
      .optional()
      .describe('Bytes of a fragment on the line; default: one for each fragment of the stream.'),
    fragments: z
      .int()
      .min(1)
      .max(65_536)
      .optional()
      .describe('Most fragments offered; default: all that the stream’s buffer holds.'),
    metadataInterval: z
      .int()
      .min(0)
      .max(1_048_576)
      .default(16_000)
      .describe('Audio bytes between two titles in the fragments; 0 for none. Ogg streams carry their own.'),
    timeout: durationMs({ min: '1s' })
      .prefault('30s')
      .describe('A client that could take nothing for so long is disconnected; it may come back.'),
    queueLimit: sizeBytes()
      .prefault('256KiB')
      .describe('Bytes that wait for one client at most; one that reads slowly gets the rest later.'),
    maxClients: z.int().min(1).max(100_000).default(1000).describe('Most connections at once.'),
  }),
  async run(context) {
    const { options, stream, clock, network, signal, log } = context;
    const store = new WireStore({
      metadataInterval: options.metadataInterval,
      fragmentBytes: options.fragmentSize,
      maxFragments: options.fragments,
      firstNumber: Math.max(1, Math.floor((clock.utcMs() - NUMBERS_BEGIN_UTC_MS) / 100)),
      firstSourceGeneration: Math.max(1, Math.floor(clock.utcMs() / 1000)),
      station: () => stream.station,
    });
    const clients = new PullClients({ ...options, password: options.password ?? '', store, clock, log });
    for (const fragment of stream.buffer.from(0)) store.append(fragment);
    const unsubscribe = stream.onAppend((fragment) => {
      store.append(fragment);
      store.evictBefore(stream.buffer.oldest?.sequence ?? 0);
      clients.feed();
    });
    context.onReport(() => clients.report());
    try {
      const server = await network.listen(options.listen, (socket) => clients.accept(socket));
      context.onReport(() => ({ ...clients.report(), target: `${options.listen.host} port ${server.port}` }));
      const timer = clock.every(options.interval, () => clients.interval());
      await aborted(signal);
      timer.cancel();
      server.close();
    } finally {
      unsubscribe();
      clients.close();
    }
  },
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
