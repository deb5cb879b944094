import type { AddressInfo, Server } from 'node:net';
import { DistreamError } from '../core/errors.ts';
import type { ListenAddress } from '../modules/network.ts';
import { findPortHolder } from './port-holder.ts';

/** Many players come at once when a station's line comes back. */
const BACKLOG = 4096;

/** What `::` fails with where IPv6 is switched off. */
const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/**
 * Opens a server's port and gives the address that it got; `::` becomes `0.0.0.0` where there is no IPv6.
 * Rejects with PORT_IN_USE (naming the holder when it can be found), PORT_FORBIDDEN or ADDRESS_UNAVAILABLE.
 */
export async function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  try {
    return await tryListen(server, address);
  } catch (error) {
    const isFamilyMissing = address.host === '::' && NO_IPV6.has(codeOf(error));
    if (isFamilyMissing) return listenOn(server, { host: '0.0.0.0', port: address.port });
    throw await explain(error, address);
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

async function explain(error: unknown, { host, port }: ListenAddress): Promise<unknown> {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    const holder = await findPortHolder(port);
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
