import { systemClock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import { type NativeDownloadOptions, nativeDownload } from '../../../src/swarm/native/native-download.ts';
import { NativeServer, type NativeServerOptions } from '../../../src/swarm/native/native-server.ts';
import { serverIdentity } from '../../../src/swarm/native/server-identity.ts';

type ServerChoice = Pick<NativeServerOptions, 'fileRoot' | 'uploadLimit'>;

/** A server of the native dialect on any ports of the loopback address. The caller closes it. */
export function startNativeServer(choice: ServerChoice): Promise<NativeServer> {
  return NativeServer.start({
    clock: systemClock,
    log: silentLogger,
    random: Math.random,
    listen: { host: '127.0.0.1', port: 0 },
    identity: serverIdentity(systemClock.utcMs()),
    givePort: 0,
    ...choice,
  });
}

type FetchChoice = Pick<NativeDownloadOptions, 'path' | 'uploadLimit' | 'signal'> & Partial<NativeDownloadOptions>;

/** Fetches what is published under a path, or listens to it, and gives to others meanwhile. */
export function fetchFrom(
  server: NativeServer,
  published: { readonly path: string; readonly ticket?: Buffer | undefined },
  choice: FetchChoice,
): Promise<void> {
  const { path, ticket } = published;
  const url = { host: '127.0.0.1', port: server.address.port, path, key: server.publicKey };
  return nativeDownload({
    clock: systemClock,
    log: silentLogger,
    url: { ...url, ...(ticket && { ticket }) },
    displayUrl: `pdtps://127.0.0.1${path}`,
    give: { host: '127.0.0.1', port: 0 },
    sink: undefined,
    isKept: true,
    stallMs: 20_000,
    stayMs: 0,
    onProgress: () => {},
    ...choice,
  });
}
