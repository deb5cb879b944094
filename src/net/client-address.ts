/**
 * Who sent a request: the one place that decides whether a proxy is believed.
 * @module
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type AddressMatcher, normalizeAddress } from './address.ts';

const MAX_HOPS = 20;

/** Who sent a request. */
export interface Client {
  /** From a trusted proxy's header, else the socket's. Never a name. */
  readonly address: string;
  /** The client speaks TLS, to this node or to a trusted proxy. */
  readonly secure: boolean;
}

const clients = new WeakMap<Socket, Client>();

/** Remembers who is behind a socket that is handed to node:http. */
export function rememberClient(socket: Socket, client: Client): void {
  clients.set(socket, client);
}

/** Who sent a request that came through a front; for any other server the socket's address. */
export function clientOf(request: IncomingMessage): Client {
  return clients.get(request.socket) ?? { address: peerAddress(request.socket), secure: false };
}

/** The address of who sent a request; see `clientOf`. */
export function clientAddressOf(request: IncomingMessage): string {
  return clientOf(request).address;
}

/** The address at the other end of a socket, normalised; `unknown` when it is gone already. */
export function peerAddress(socket: Socket): string {
  return normalizeAddress(socket.remoteAddress ?? '') ?? 'unknown';
}

/**
 * Who sent a request. A peer in `trustedProxies` is believed: the client is then the right-most hop of
 * `X-Forwarded-For` that is not a trusted proxy itself.
 * @param secure the socket speaks TLS
 */
export function resolveClient(
  peer: string,
  secure: boolean,
  headers: ReadonlyMap<string, string>,
  trustedProxies: AddressMatcher,
): Client {
  if (!trustedProxies.has(peer)) return { address: peer, secure };
  const scheme = headers.get('x-forwarded-proto')?.trim().toLowerCase();
  return {
    address: forwardedFor(peer, headers.get('x-forwarded-for') ?? '', trustedProxies),
    secure: scheme === undefined ? secure : scheme === 'https',
  };
}

function forwardedFor(peer: string, header: string, trustedProxies: AddressMatcher): string {
  let client = peer;
  for (const hop of header.split(',').slice(-MAX_HOPS).reverse()) {
    const address = hopAddress(hop.trim());
    if (address === undefined) return client;
    client = address;
    if (!trustedProxies.has(address)) return client;
  }
  return client;
}

/** `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function hopAddress(hop: string): string | undefined {
  const bracketed = /^\[([^\]]{2,64})\](?::\d{1,5})?$/.exec(hop)?.[1];
  const withPort = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(hop)?.[1];
  return normalizeAddress(bracketed ?? withPort ?? hop);
}
