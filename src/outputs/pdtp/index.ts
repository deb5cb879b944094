import { resolve } from 'node:path';
import { z } from 'zod';
import { aborted } from '../../core/aborted.ts';
import { DistreamError } from '../../core/errors.ts';
import { systemRandom } from '../../core/random.ts';
import { defineOutput, type OutputReport } from '../../modules/output.ts';
import { bytesPerSecond, generatedSecret, listenAddress, secret, sizeBytes } from '../../modules/values.ts';
import type { CertificateFiles } from '../../net/certificate/certificate-files.ts';
import { DEFAULT_PDTP_PORT } from '../../protocols/pdtp/pdtp-url.ts';
import { LiveFile } from '../../swarm/server/live-file.ts';
import { type SharedServer, shareServer } from '../../swarm/server/shared-servers.ts';
import { type NativeOutput, type NativeOutputOptions, startNative } from './native-output.ts';

const CHUNK_BYTES = 8192;
const GIVE_PORT = 8000;

const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u, 'a name has letters, digits and ._-')
    .optional()
    .describe('Name in the address. Left out: that of the stream.'),
  listen: listenAddress()
    .prefault({ port: DEFAULT_PDTP_PORT })
    .describe(
      'Where clients connect; the status page of the swarm is at the next port. Streams with the same address share it.',
    ),
  givePort: z
    .int()
    .min(0)
    .max(65_535)
    .default(GIVE_PORT)
    .describe('First port that is tried for giving to peers; 0 is any. The first stream of a port decides.'),
  chunkBytes: z
    .int()
    .min(512)
    .max(1_048_576)
    .default(CHUNK_BYTES)
    .describe('Bytes of a chunk, the unit that peers pass on. Half a second of sound is a good length.'),
  window: sizeBytes()
    .prefault('4MiB')
    .describe('How much of the newest audio can be had; who falls behind it misses a part.'),
  native: z.boolean().default(true).describe('Also publish it in the native dialect, encrypted and proved (pdtps).'),
  nativePort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of the native dialect. Left out: the one before that of `listen`.'),
  key: generatedSecret().describe(
    'Of which the key of the native address is made (`#key=`). The first stream of a port decides. Left out: made once.',
  ),
  tls: z
    .strictObject({
      certificate: z.string().min(1).describe('PEM file with the certificate and its chain; its key is ECDSA or RSA.'),
      key: z.string().min(1).describe('PEM file with the private key.'),
    })
    .optional()
    .describe(
      'With it native addresses need no `#key=`. The files are read again when they change. The first stream of a port decides.',
    ),
  uploadLimit: bytesPerSecond()
    .optional()
    .describe('Most that this node gives itself in the native dialect; take 90 % of the line. Left out: no limit.'),
  tickets: secret()
    .min(16)
    .optional()
    .describe(
      'Key with which `distream ticket` makes tickets: only who has one may listen, in the native dialect alone. Left out: everybody.',
    ),
});

/** Publishes a stream to a swarm: listeners carry it to others. */
export default defineOutput({
  type: 'pdtp',
  summary: 'Publishes the stream to a swarm as `pdtp://host/NAME`: who listens carries it to others (DistribuStream).',
  schema,
  async run({ options, clock, log, signal, stream, baseDir, onReport }) {
    const path = `/${options.name ?? stream.name}`;
    const shared = await shareServer({
      clock,
      log,
      random: systemRandom,
      listen: options.listen,
      virtualHost: 'localhost',
      fileRoot: undefined,
      chunkSize: options.chunkBytes,
      givePort: options.givePort,
      hasStatusPage: true,
    });
    const live = new LiveFile({
      path,
      version: clock.utcMs().toString(36),
      chunkSize: options.chunkBytes,
      windowBytes: options.window,
    });
    const counters = { bytes_published: 0, fragments_left_out: 0 };
    let isUnfit = false;
    // PDTP knows no tickets.
    const withdraw = options.tickets === undefined ? await published(shared, live) : () => {};
    const native = await startedNative(
      options,
      { path, clock, log, certificate: filesOf(options, baseDir) },
      async () => {
        withdraw();
        await shared.release();
      },
    );
    let next: number | undefined;
    const take = () => {
      const newest = stream.released;
      if (!newest) return;
      next ??= newest.sequence;
      for (const fragment of stream.buffer.from(next)) {
        if (fragment.sequence > newest.sequence) break;
        next = fragment.sequence + 1;
        // A decoder that joins in the middle never sees headers, so such a stream is not published.
        isUnfit = fragment.format.headers.length > 0;
        if (isUnfit) counters.fragments_left_out++;
        else {
          live.append(fragment.data);
          native?.append(fragment);
          counters.bytes_published += fragment.data.length;
        }
      }
    };
    onReport((): OutputReport => {
      const listeners = [...shared.server.coordinator.membersOf(live)].filter(({ isInside }) => !isInside).length;
      const state = isUnfit ? 'failed' : live.size > 0 ? 'ready' : 'waiting';
      const target = `port ${shared.server.address.port} ${path}`;
      return {
        state,
        target,
        listeners: listeners + (native?.listeners ?? 0),
        counters,
        detail: {
          ...(native && { native: native.address }),
          ...(isUnfit && { reason: 'only formats without headers (MP3, AAC) can be published' }),
        },
      };
    });
    const unsubscribe = stream.onRelease(take);
    try {
      await aborted(signal);
    } finally {
      unsubscribe();
      await native?.close();
      withdraw();
      await shared.release();
    }
  },
});

/** Publishes, or gives the server back. Rejects with MOUNT_TAKEN. */
async function published(shared: SharedServer, live: LiveFile): Promise<() => void> {
  try {
    return shared.server.publish(live);
  } catch (error) {
    await shared.release();
    throw new DistreamError('MOUNT_TAKEN', { mount: live.path }, { cause: error });
  }
}

type PdtpOptions = z.output<typeof schema>;

function filesOf({ tls }: PdtpOptions, baseDir: string): CertificateFiles | undefined {
  return tls && { certificate: resolve(baseDir, tls.certificate), key: resolve(baseDir, tls.key) };
}

/** Starts the native dialect unless it is switched off; `undo` runs when it cannot be. */
async function startedNative(
  options: PdtpOptions,
  context: Pick<NativeOutputOptions, 'path' | 'clock' | 'log' | 'certificate'>,
  undo: () => Promise<void>,
): Promise<NativeOutput | undefined> {
  if (!options.native) return undefined;
  const { listen, nativePort, givePort, key, uploadLimit, tickets: ticketKey } = options;
  const port = nativePort ?? Math.max(0, listen.port - 1);
  try {
    return await startNative({
      ...context,
      listen: { host: listen.host, port },
      givePort,
      key,
      uploadLimit,
      ticketKey,
    });
  } catch (error) {
    await undo();
    throw error;
  }
}
