import { showSwarm } from '../view/running-swarms.ts';
import { SwarmServer, type SwarmServerOptions } from './swarm-server.ts';

interface Entry {
  readonly server: Promise<SwarmServer>;
  users: number;
}

const servers = new Map<string, Entry>();

/** A server that several streams of this process publish in. */
export interface SharedServer {
  readonly server: SwarmServer;
  /** Gives it back; the last one closes it. */
  release(): Promise<void>;
}

/** The server at an address: the one that is there, else one that is started. Rejects as `SwarmServer.start`. */
export async function shareServer(options: SwarmServerOptions): Promise<SharedServer> {
  const key = `${options.listen.host} ${options.listen.port}`;
  const entry = servers.get(key) ?? { server: SwarmServer.start(options), users: 0 };
  servers.set(key, entry);
  entry.users++;
  let hide = (): void => {};
  const release = async (): Promise<void> => {
    hide();
    if (--entry.users > 0) return;
    if (servers.get(key) === entry) servers.delete(key);
    const server = await entry.server.catch(() => undefined);
    await server?.close();
  };
  try {
    const server = await entry.server;
    hide = showSwarm(server);
    return { server, release };
  } catch (error) {
    await release();
    throw error;
  }
}
