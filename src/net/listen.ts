import type { AddressInfo, Server } from 'node:net';
import { DistreamError } from '../core/errors.ts';
import type { ListenAddress } from '../modules/network.ts';
import { findPortHolder, type Transport } from './port-holder.ts';

/** Many players come at once when a station's line comes back. */
const BACKLOG = 4096;

/** What `::` fails with where IPv6 is switched off. */
const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/**
 * Opens a server's port and gives the address that it got; `::` becomes `0.0.0.0` where there is no IPv6.
 * Rejects with PORT_IN_USE (naming the holder when it can be found), PORT_FORBIDDEN or ADDRESS_UNAVAILABLE.
 */
export function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  return listenOnFirstFree(server, address, address.port);
}

/** As `listenOn`, at the first free port from the address's to `lastPort`; PORT_IN_USE names that one. */
export async function listenOnFirstFree(
  server: Server,
  { host, port: firstPort }: ListenAddress,
  lastPort: number,
): Promise<ListenAddress> {
  for (let port = firstPort; ; port++) {
    try {
      return await tryListen(server, { host, port });
    } catch (error) {
      if (isIpv6Missing(error, host)) return listenOnFirstFree(server, { host: '0.0.0.0', port }, lastPort);
      // Only who holds the last is asked: for that, the files of all processes are looked at.
      const isNext = codeOf(error) === 'EADDRINUSE' && port < lastPort;
      if (!isNext) throw await explainListenError(error, { host, port }, 'tcp');
    }
  }
}

function tryListen(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onListening = () => {
      server.off('error', onError);
      resolve({ host, port: (server.address() as AddressInfo).port });
    };
    const onError = (error: Error) => {
      server.off('listening', onListening);
      reject(error);
    };
    server.once('listening', onListening);
    server.once('error', onError);
    server.listen({ host, port, backlog: BACKLOG });
  });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}

/** True when `error` says that `::` cannot be listened on because there is no IPv6 here. */
export function isIpv6Missing(error: unknown, host: string): boolean {
  return host === '::' && NO_IPV6.has(codeOf(error));
}

/**
 * The error for people of an error from opening a port: PORT_IN_USE, PORT_FORBIDDEN or ADDRESS_UNAVAILABLE; others as
 * they are.
 */
export async function explainListenError(
  error: unknown,
  { host, port }: ListenAddress,
  transport: Transport,
): Promise<unknown> {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    const holder = await findPortHolder(port, transport);
    const text = holder ? ` by ${holder.name} (process ${holder.pid})` : '';
    return new DistreamError('PORT_IN_USE', { port, host, holder: text }, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM')
    return new DistreamError('PORT_FORBIDDEN', { port, host }, { cause: error });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAFNOSUPPORT' || code === 'EAI_AGAIN') {
    return new DistreamError('ADDRESS_UNAVAILABLE', { host }, { cause: error });
  }
  return error;
}
