import { normalizeAddress } from '../address.ts';
import { addressBytes } from '../egress.ts';

/**
 * The networks that share a limit with an address, the narrowest first: the /24 of IPv4, the /64 and the /48 of IPv6.
 * Empty for what is no address.
 */
export function limitPrefixes(address: string): readonly string[] {
  const normal = normalizeAddress(address);
  const bytes = normal === undefined ? undefined : addressBytes(normal);
  if (!bytes) return [];
  if (bytes.length === 4) return [`${bytes[0]}.${bytes[1]}.${bytes[2]}.0/24`];
  return [64, 48].map((bits) => `${Buffer.from(bytes.slice(0, bits / 8)).toString('hex')}/${bits}`);
}
