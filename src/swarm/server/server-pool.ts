import type { ListenAddress } from '../../modules/network.ts';
import { showSwarm } from '../view/running-swarms.ts';
import type { SwarmSource } from '../view/sight.ts';

/** A server that several streams of this process publish in. */
export interface Shared<Server> {
  readonly server: Server;
  /** Gives it back; the last one closes it. */
  release(): Promise<void>;
}

interface Entry<Server> {
  readonly server: Promise<Server>;
  users: number;
}

/** The servers of one kind, by their address; seen on the pages of the node while somebody has them. */
export class ServerPool<Server extends SwarmSource & { close(): Promise<void> }> {
  readonly #entries = new Map<string, Entry<Server>>();

  /** The server at an address: the one that is there, else one that is started. Rejects as `start`. */
  async share({ host, port }: ListenAddress, start: () => Promise<Server>): Promise<Shared<Server>> {
    const name = `${host} ${port}`;
    const entry = this.#entries.get(name) ?? { server: start(), users: 0 };
    this.#entries.set(name, entry);
    entry.users++;
    let hide = (): void => {};
    const release = async (): Promise<void> => {
      hide();
      if (--entry.users > 0) return;
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
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
}
