import { z } from 'zod';
import { peerOptions } from '../../modules/distreamer-options.ts';
import { defineOutput } from '../../modules/output.ts';
import { peerTarget } from '../../modules/peer-url.ts';
import { durationMs, sizeBytes } from '../../modules/values.ts';
import { parsePeerAddress } from '../../protocols/distreamer/peer-address.ts';
import { PushSender } from '../../protocols/distreamer/push-session.ts';
import { followStream } from '../distreamer/followed-store.ts';
import { STORE_OPTIONS } from '../distreamer/store-options.ts';
import { type PushTotals, send } from './send.ts';

const DEFAULT_PORT = 3080;

/** DiStreamer's DiStreamerPersRevClient: sends the buffer to a server that listens, and goes on after an outage. */
export default defineOutput({
  type: 'distreamer-pers-rev-client',
  summary: 'Sends the buffer over a line that may fail: DiStreamer’s persistent push (DiStreamerPersRevClient).',
  schema: z.strictObject({
    ...peerOptions(DEFAULT_PORT),
    timeout: durationMs({ min: '100ms', max: '1h' })
      .prefault('5s')
      .describe(
        'The connection is made again when the other side takes nothing for so long; also the time to connect.',
      ),
    interval: durationMs({ min: '100ms', max: '1m' })
      .prefault('1s')
      .describe('How often the other side is told what there is. It gives up after some seconds of silence.'),
    ...STORE_OPTIONS,
    queueLimit: sizeBytes().prefault('256KiB').describe('Bytes that wait for the other side at most.'),
  }),
  async run(context) {
    const { options, signal, clock, network, log } = context;
    const peer = parsePeerAddress(options.url, DEFAULT_PORT)!;
    const totals = recall(context.memory);
    let wake = () => {};
    const { store, close } = followStream(context, () => wake());
    try {
      const socket = await network.dial(peerTarget(peer, options.timeout, signal));
      const sender = new PushSender({ store, password: options.password });
      await send({
        ...options,
        socket,
        sender,
        signal,
        clock,
        totals,
        peer: peer.display,
        onFeed: (feed) => {
          wake = feed;
        },
        onAccepted: () => {
          log.info('the other side takes the stream', { address: peer.display });
          context.onReport(() => ({ state: 'ready', target: peer.display, counters: { ...totals } }));
        },
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      close();
    }
  },
});

function recall(memory: Map<string, unknown>): PushTotals {
  const totals = (memory.get('totals') as PushTotals | undefined) ?? {
    connections: 0,
    bytes_sent: 0,
    evicted_fragments: 0,
  };
  memory.set('totals', totals);
  return totals;
}
