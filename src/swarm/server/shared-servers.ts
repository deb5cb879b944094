import { ServerPool, type Shared } from './server-pool.ts';
import { SwarmServer, type SwarmServerOptions } from './swarm-server.ts';

const servers = new ServerPool<SwarmServer>();

/** A server of PDTP that several streams of this process publish in. */
export type SharedServer = Shared<SwarmServer>;

/** The server at an address: the one that is there, else one that is started. Rejects as `SwarmServer.start`. */
export function shareServer(options: SwarmServerOptions): Promise<SharedServer> {
  return servers.share(options.listen, () => SwarmServer.start(options));
}
