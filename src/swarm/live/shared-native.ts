import { NativeServer, type NativeServerOptions } from '../native/native-server.ts';
import { ServerPool, type Shared } from '../server/server-pool.ts';

const servers = new ServerPool<NativeServer>();

/** A server of the native dialect that several streams of this process publish in. */
export type SharedNative = Shared<NativeServer>;

/**
 * The server at an address: the one that is there, with the key and limits with which it was started, else one that is
 * started. Rejects as `NativeServer.start`.
 */
export function shareNative(options: NativeServerOptions): Promise<SharedNative> {
  return servers.share(options.listen, () => NativeServer.start(options));
}
