import { NativeServer, type NativeServerOptions } from '../native/native-server.ts';
import { nativeSight } from '../native/native-view.ts';
import { showSwarm } from '../view/running-swarms.ts';
import type { SwarmSource } from '../view/sight.ts';

interface Entry {
  readonly server: Promise<NativeServer>;
  /** For the pages about it. */
  source: SwarmSource | undefined;
  users: number;
}

const servers = new Map<string, Entry>();

/** A server of the native dialect that several streams of this process publish in. */
export interface SharedNative {
  readonly server: NativeServer;
  /** Gives it back; the last one closes it. */
  release(): Promise<void>;
}

/**
 * The server at an address: the one that is there, with the key and limits with which it was started, else one that is
 * started. Rejects as `NativeServer.start`.
 */
export async function shareNative(options: NativeServerOptions): Promise<SharedNative> {
  const name = `${options.listen.host} ${options.listen.port}`;
  const entry = servers.get(name) ?? { server: NativeServer.start(options), source: undefined, users: 0 };
  servers.set(name, entry);
  entry.users++;
  let hide = (): void => {};
  const release = async (): Promise<void> => {
    hide();
    if (--entry.users > 0) return;
    if (servers.get(name) === entry) servers.delete(name);
    const server = await entry.server.catch(() => undefined);
    await server?.close();
  };
  try {
    const server = await entry.server;
    entry.source ??= { look: () => nativeSight(server.conductor) };
    hide = showSwarm(entry.source);
    return { server, release };
  } catch (error) {
    await release();
    throw error;
  }
}
