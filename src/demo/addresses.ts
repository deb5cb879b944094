import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DistreamError } from '../core/errors.ts';

/** Ports tried after the one that is asked for. */
const PORTS_TRIED = 20;

/** Resolves with the port that was free a moment ago, or undefined when it is in use. Port 0 finds any. */
function tryPort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port }, () => {
      const { port: found } = server.address() as { port: number };
      server.close(() => resolve(found));
    });
  });
}

/** `::` where the machine has IPv6, else `0.0.0.0`. */
export async function anyHost(): Promise<string> {
  try {
    await tryPort('::', 0);
    return '::';
  } catch {
    return '0.0.0.0';
  }
}

/** A free port on loopback. */
export async function freeLoopbackPort(): Promise<number> {
  return (await tryPort('127.0.0.1', 0)) ?? 0;
}

/** The first free port from `first` on. Throws PORT_IN_USE when there is none near, PORT_FORBIDDEN when it may not be opened. */
export async function nextFreePort(host: string, first: number): Promise<number> {
  for (let port = first; port <= Math.min(first + PORTS_TRIED, 65_535); port++) {
    const found = await tryPort(host, port).catch((error: NodeJS.ErrnoException) => {
      const code = error.code === 'EACCES' ? 'PORT_FORBIDDEN' : 'ADDRESS_UNAVAILABLE';
      throw new DistreamError(code, { port, host }, { cause: error });
    });
    if (found !== undefined) return found;
  }
  throw new DistreamError('PORT_IN_USE', { port: first, host, holder: '' });
}

/** The addresses of this machine at which another one may reach it: IPv4, not loopback, not link-local. */
export function networkAddresses(interfaces = networkInterfaces()): string[] {
  return Object.values(interfaces)
    .flatMap((entries) => entries ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'))
    .map(({ address }) => address);
}
