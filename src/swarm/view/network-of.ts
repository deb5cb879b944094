import { addressBytes } from '../../net/egress.ts';

/** The network of an address as text: its /24, or the /48 of IPv6. Undefined for text that is no address. */
export function networkOf(address: string): string | undefined {
  const bytes = addressBytes(address);
  if (!bytes) return undefined;
  if (bytes.length === 4) return `${bytes.slice(0, 3).join('.')}.0/24`;
  const groups = [0, 2, 4].map((at) => ((bytes[at]! << 8) | bytes[at + 1]!).toString(16));
  return `${groups.join(':')}::/48`;
}
