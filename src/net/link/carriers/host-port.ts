import { normalizeAddress } from '../../address.ts';

/** `address:port`; an IPv6 address in brackets, an IPv4 address inside an IPv6 one as IPv4. */
export function hostPort(address: string | undefined, port: number | undefined): string {
  const plain = plainAddress(address);
  return plain.includes(':') ? `[${plain}]:${port ?? 0}` : `${plain}:${port ?? 0}`;
}

/** The address as one text whatever the socket's family; `unknown` when the socket has none any more. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  // the zone tells which of several networks a link-local address is of
  return address.includes('%') ? address : (normalizeAddress(address) ?? address);
}
