import { z } from 'zod';
import { peerOptions } from '../../modules/distreamer-options.ts';
import { defineInput } from '../../modules/input.ts';
import { peerTarget } from '../../modules/peer-url.ts';
import { durationMs } from '../../modules/values.ts';
import { parsePeerAddress } from '../../protocols/distreamer/peer-address.ts';
import { encodePullRequest } from '../../protocols/distreamer/pull-request.ts';
import { keptReader, reportOf } from '../distreamer/kept-reader.ts';
import { sessionSink } from '../distreamer/session-sink.ts';
import { receive } from './receive.ts';

const DEFAULT_PORT = 4080;

/** DiStreamer's DiStreamerPersClient: pulls a stream over a line that may fail. */
export default defineInput({
  type: 'distreamer-pers-client',
  summary: 'Pulls a stream over a line that may fail: DiStreamer’s persistent protocol (DiStreamerPersClient).',
  schema: z.strictObject({
    ...peerOptions(DEFAULT_PORT),
    timeout: durationMs({ min: '100ms', max: '1h' })
      .prefault('5s')
      .describe('Silence after which the connection is given up and made again; also the time to connect.'),
  }),
  overLine: true,
  async run(context) {
    const { options, signal, clock, network, memory } = context;
    const peer = parsePeerAddress(options.url, DEFAULT_PORT)!;
    const reader = keptReader(memory);
    context.onReport(() => reportOf(reader));
    const target = peerTarget(peer, options.timeout, signal);
    const socket = await network.dial(target).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!socket) return;
    const { sink, end } = sessionSink(context, peer.display);
    reader.connect(sink);
    const request = encodePullRequest(options.password, reader.heldNumbers);
    try {
      await receive({ socket, request, reader, signal, clock, timeoutMs: options.timeout, peer: peer.display });
    } finally {
      end();
    }
  },
});
