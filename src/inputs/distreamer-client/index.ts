import { z } from 'zod';
import { sleep } from '../../core/clock.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { pollOptions } from '../../modules/distreamer-options.ts';
import { defineInput } from '../../modules/input.ts';
import { peerTarget } from '../../modules/peer-url.ts';
import { type PollPeerOptions, pollPeer } from '../../net/poll-peer.ts';
import { parsePeerAddress } from '../../protocols/distreamer/peer-address.ts';
import { PollPull } from '../../protocols/distreamer/poll-pull.ts';
import { keptReader, reportOf } from '../distreamer/kept-reader.ts';
import { sessionSink } from '../distreamer/session-sink.ts';

const DEFAULT_PORT = 7080;

/** DiStreamer's DiStreamerClient: asks a server for one fragment after the other. */
export default defineInput({
  type: 'distreamer-client',
  summary: 'Polls a stream over a line that may fail: DiStreamer’s polling protocol (DiStreamerClient).',
  schema: z.strictObject(pollOptions(DEFAULT_PORT)),
  overLine: true,
  async run(context) {
    const { options, signal, clock, network, memory } = context;
    const peer = parsePeerAddress(options.url, DEFAULT_PORT)!;
    const target = peerTarget(peer, options.timeout, signal);
    const reader = keptReader(memory, { oggHeaderIn: 'list' });
    context.onReport(() => reportOf(reader));
    const { sink, end } = sessionSink(context, peer.display);
    reader.connect(sink);
    try {
      while (!signal.aborted) {
        const beganMs = clock.nowMs();
        await pollOnce({ network, target, clock, password: options.password, poll: new PollPull(reader) });
        await sleep(clock, Math.max(0, beganMs + options.interval - clock.nowMs()), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      end();
    }
  },
});

/** What came before a failure is passed on: it need not come again. */
async function pollOnce(options: PollPeerOptions & { readonly poll: PollPull }): Promise<void> {
  try {
    await pollPeer(options);
  } catch (error) {
    try {
      options.poll.abandon();
    } catch (second) {
      if (!(second instanceof ProtocolViolation)) throw second;
    }
    throw error;
  }
}
