import { z } from 'zod';
import { type PeerAddress, parsePeerAddress } from '../protocols/distreamer/peer-address.ts';
import type { DialTarget } from './network.ts';

/** An option: the address of a DiStreamer peer, `http://host:port`, `host:port` or `host`. */
export function peerUrl(defaultPort: number) {
  return z
    .string()
    .max(300)
    .refine(
      (url) => parsePeerAddress(url, defaultPort) !== undefined,
      `expected an address such as http://host:${defaultPort} or host:${defaultPort}, without path and password`,
    )
    .describe(
      `Where the other side listens: \`http://host:port\` or \`host:port\`; the port may be left out for ${defaultPort}.`,
    );
}

/** Where to connect for that peer: the operator wrote the address. */
export function peerTarget({ host, port, display }: PeerAddress, timeoutMs: number, signal: AbortSignal): DialTarget {
  return { host, port, tls: false, timeoutMs, signal, displayUrl: display, trusted: true };
}
