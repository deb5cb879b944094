import { z } from 'zod';
import { sleep } from '../../core/clock.ts';
import { pollOptions } from '../../modules/distreamer-options.ts';
import { defineOutput } from '../../modules/output.ts';
import { peerTarget } from '../../modules/peer-url.ts';
import { pollPeer } from '../../net/poll-peer.ts';
import { parsePeerAddress } from '../../protocols/distreamer/peer-address.ts';
import { PollPush } from '../../protocols/distreamer/poll-push.ts';
import { followStream } from '../distreamer/followed-store.ts';
import { STORE_OPTIONS } from '../distreamer/store-options.ts';

const DEFAULT_PORT = 5080;

interface Totals {
  polls: number;
  fragments: number;
  evicted_fragments: number;
}

/** DiStreamer's DiStreamerRevClient: posts to a server what it does not hold. */
export default defineOutput({
  type: 'distreamer-rev-client',
  summary: 'Posts the buffer to a server: DiStreamer’s polling push (DiStreamerRevClient).',
  schema: z.strictObject({ ...pollOptions(DEFAULT_PORT), ...STORE_OPTIONS }),
  async run(context) {
    const { options, signal, clock, network, memory } = context;
    const peer = parsePeerAddress(options.url, DEFAULT_PORT)!;
    const target = peerTarget(peer, options.timeout, signal);
    const totals = recall(memory);
    const { store, close } = followStream(context, () => {});
    try {
      while (!signal.aborted) {
        const beganMs = clock.nowMs();
        const poll = new PollPush(store);
        await pollPeer({ network, target, clock, password: options.password, poll });
        totals.polls++;
        totals.fragments += poll.posted;
        totals.evicted_fragments += poll.evicted;
        context.onReport(() => ({ state: 'ready', target: peer.display, counters: { ...totals } }));
        await sleep(clock, Math.max(0, beganMs + options.interval - clock.nowMs()), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      close();
    }
  },
});

function recall(memory: Map<string, unknown>): Totals {
  const totals = (memory.get('totals') as Totals | undefined) ?? { polls: 0, fragments: 0, evicted_fragments: 0 };
  memory.set('totals', totals);
  return totals;
}
