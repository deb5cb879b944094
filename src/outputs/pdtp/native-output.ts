import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import type { Fragment } from '../../core/fragment.ts';
import type { Logger } from '../../core/logger.ts';
import { systemRandom } from '../../core/random.ts';
import type { ListenAddress } from '../../modules/network.ts';
import type { CertificateFiles } from '../../net/certificate/certificate-files.ts';
import { formatSwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import type { PublishedStream } from '../../swarm/live/live-publishing.ts';
import { type SharedNative, shareNative } from '../../swarm/live/shared-native.ts';
import { identityOfSecret } from '../../swarm/native/server-identity.ts';

/** What a stream is published with in the native dialect. */
export interface NativeOutputOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** `/NAME`. */
  readonly path: string;
  readonly listen: ListenAddress;
  readonly givePort: number;
  /** Of which the server's key is made; undefined: a new one. */
  readonly key: string | undefined;
  readonly uploadLimit: number | undefined;
  /** With which tickets are made; undefined: everybody may listen. */
  readonly ticketKey: string | undefined;
  /** Of a certificate authority, for addresses without a key. */
  readonly certificate: CertificateFiles | undefined;
}

/** A stream in the native dialect. */
export interface NativeOutput {
  /** The address with the key. */
  readonly address: string;
  readonly listeners: number;
  /** Takes the next audio. */
  append(fragment: Fragment): void;
  close(): Promise<void>;
}

/**
 * Publishes a stream in the native dialect, on a server that streams of the same port share. Rejects as
 * `NativeServer.start`, and with MOUNT_TAKEN when another stream has the name.
 */
export async function startNative(options: NativeOutputOptions): Promise<NativeOutput> {
  const { clock, log, path, listen, givePort, key, uploadLimit, ticketKey, certificate } = options;
  const shared = await shareNative({
    clock,
    log,
    random: systemRandom,
    listen,
    fileRoot: undefined,
    identity: identityOfSecret(key ?? randomBytes(32).toString('hex'), clock.utcMs()),
    certificate,
    givePort,
    uploadLimit,
  });
  const { server } = shared;
  const published = await publishedIn(shared, path, ticketKey);
  const address = formatSwarmUrl('localhost', server.address.port, path, server.publicKey);
  log.info(`publishes the stream as ${address}`, { port: server.address.port });
  return {
    address,
    get listeners() {
      return published.listeners;
    },
    append({ data, durationUs, frameOffsets }) {
      published.append({ data, durationMs: durationUs / 1000, frameOffsets });
    },
    async close() {
      published.close();
      await shared.release();
    },
  };
}

/** Publishes, or gives the server back. */
async function publishedIn(shared: SharedNative, path: string, ticketKey?: string): Promise<PublishedStream> {
  try {
    return shared.server.live.publish(path, ticketKey);
  } catch (error) {
    await shared.release();
    throw new DistreamError('MOUNT_TAKEN', { mount: path }, { cause: error });
  }
}
