import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { DistreamError, reasonOf } from '../core/errors.ts';
import { SapDirectory, type SapEvent, type SapSession } from '../protocols/sap/directory.ts';
import { SAP_GROUPS, SAP_PORT } from '../protocols/sap/packet.ts';

/** What listening needs. */
export interface SapListenerOptions {
  readonly clock: Clock;
  /** The only interface to listen on, by its address; undefined: all of this machine. */
  readonly localAddress?: string | undefined;
  /** Told of every change; must not throw. */
  readonly onEvent?: (event: SapEvent) => void;
}

/** Listens to session announcements (RFC 2974) on all networks of this machine, from `open` to `close`. */
export class SapListener {
  readonly #options: SapListenerOptions;
  readonly #directory = new SapDirectory();
  readonly #sockets: Socket[] = [];

  private constructor(options: SapListenerOptions) {
    this.#options = options;
  }

  /**
   * Joins the groups of announcements.
   * @throws DistreamError MULTICAST_UNAVAILABLE when none can be joined, PORT_IN_USE
   */
  static async open(options: SapListenerOptions): Promise<SapListener> {
    const listener = new SapListener(options);
    try {
      for (const group of SAP_GROUPS) await listener.#listen(group);
    } catch (error) {
      listener.close();
      throw error;
    }
    if (listener.#sockets.length > 0) return listener;
    const reason = 'no network of this machine takes it, so announced sessions cannot be found';
    throw new DistreamError('MULTICAST_UNAVAILABLE', { address: `${SAP_GROUPS[0]}:${SAP_PORT}`, reason });
  }

  /** What is announced now. */
  sessions(): SapSession[] {
    this.#directory.expire(this.#options.clock.nowMs());
    return this.#directory.sessions();
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  async #listen(group: string): Promise<void> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    try {
      await bound(socket, process.platform === 'win32' ? undefined : group);
    } catch (error) {
      socket.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return;
      const details = { port: SAP_PORT, host: group, holder: '' };
      throw new DistreamError('PORT_IN_USE', details, { cause: reasonOf(error) });
    }
    if (!joinAll(socket, group, this.#options.localAddress)) {
      socket.close();
      return;
    }
    this.#sockets.push(socket);
    socket.on('error', () => {});
    socket.on('message', (datagram, { address }) => {
      const event = this.#directory.receive(datagram, address, this.#options.clock.nowMs());
      if (event) this.#options.onEvent?.(event);
    });
  }
}

function bound(socket: Socket, address: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port: SAP_PORT, exclusive: true, ...(address === undefined ? {} : { address }) }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

// An interface that is down or without multicast is passed over.
function joinAll(socket: Socket, group: string, localAddress: string | undefined): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const addresses = own.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  let joined = 0;
  for (const address of localAddress === undefined ? addresses : [localAddress]) {
    try {
      socket.addMembership(group, address);
      joined++;
    } catch {}
  }
  return joined > 0;
}
