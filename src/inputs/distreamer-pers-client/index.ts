import { z } from 'zod';
import { defineInput } from '../../modules/input.ts';
import { durationMs, secret } from '../../modules/values.ts';
import { parsePeerAddress } from '../../protocols/distreamer/peer-address.ts';
import { encodePullRequest } from '../../protocols/distreamer/pull-request.ts';
import { WireReader } from '../../protocols/distreamer/wire-reader.ts';
import { receive } from './receive.ts';
import { sessionSink } from './session-sink.ts';

const DEFAULT_PORT = 4080;

/** DiStreamer's DiStreamerPersClient: pulls a stream over a line that may fail. */
export default defineInput({
  type: 'distreamer-pers-client',
  summary: 'Pulls a stream over a line that may fail: DiStreamer’s persistent protocol (DiStreamerPersClient).',
  schema: z.strictObject({
    url: z
      .string()
      .max(300)
      .refine(
        (url) => parsePeerAddress(url, DEFAULT_PORT) !== undefined,
        'expected an address such as http://host:4080 or host:4080, without path and password',
      )
      .describe('Where the other side listens: `http://host:port` or `host:port`; the port may be left out for 4080.'),
    password: secret().default('').describe('Password of the other side.'),
    timeout: durationMs({ min: '100ms', max: '1h' })
      .prefault('5s')
      .describe('Silence after which the connection is given up and made again; also the time to connect.'),
  }),
  overLine: true,
  async run(context) {
    const { options, signal, clock, network, memory } = context;
    const peer = parsePeerAddress(options.url, DEFAULT_PORT)!;
    const reader = recall(memory);
    context.onReport(() => report(reader));
    const target = {
      host: peer.host,
      port: peer.port,
      tls: false,
      timeoutMs: options.timeout,
      signal,
      displayUrl: peer.display,
      trusted: true,
    };
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

/** What is held outlives the connection. */
function recall(memory: Map<string, unknown>): WireReader {
  const known = memory.get('reader');
  if (known instanceof WireReader) return known;
  const reader = new WireReader();
  memory.set('reader', reader);
  return reader;
}

function report(reader: WireReader) {
  const { fragments, fragmentsRepeated, fragmentsMissing, gaps } = reader.counters;
  const held = reader.heldNumbers;
  return {
    counters: { fragments, fragments_repeated: fragmentsRepeated, fragments_missing: fragmentsMissing, gaps },
    detail: {
      ...(reader.sourceGeneration !== undefined && { sourceGeneration: reader.sourceGeneration }),
      ...(held.length > 0 && { newestFragment: held.at(-1)! }),
    },
  };
}
