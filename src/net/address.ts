import { BlockList, isIP, SocketAddress } from 'node:net';
import { addressBytes } from './egress.ts';

/** A set of addresses. */
export interface AddressMatcher {
  /** True when the address is in the set; any way of writing it; false for what is no address. */
  has(address: string): boolean;
}

/**
 * One text for each address: without zone, an IPv4 address in an IPv6 one (`::ffff:1.2.3.4`) as IPv4, IPv6
 * compressed (RFC 5952). Undefined when it is no address.
 */
export function normalizeAddress(address: string): string | undefined {
  const bytes = addressBytes(address);
  if (!bytes) return undefined;
  if (bytes.length === 4) return bytes.join('.');
  if (isMapped(bytes)) return bytes.slice(12).join('.');
  return new SocketAddress({ address: address.replace(/%.*$/s, ''), family: 'ipv6' }).address;
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** What counts as one client in limits: an IPv4 address, or the /64 of an IPv6 one. Other text is its own key. */
export function prefixKey(address: string): string {
  const normal = normalizeAddress(address);
  const bytes = normal === undefined ? undefined : addressBytes(normal);
  if (!bytes) return address;
  return bytes.length === 4 ? normal! : `${Buffer.from(bytes.slice(0, 8)).toString('hex')}/64`;
}

/**
 * The set of a list of addresses and networks (`192.168.1.0/24`, `2001:db8::/32`).
 * Throws RangeError with the entry that is neither.
 */
export function parseNetworkList(entries: readonly string[]): AddressMatcher {
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry.trim());
  return {
    // BlockList compares within one family only, so both sides are normalised
    has(address) {
      const normal = normalizeAddress(address);
      return normal !== undefined && list.check(normal, familyOf(normal));
    },
  };
}

function addEntry(list: BlockList, entry: string): void {
  const [, text = '', bits] = /^([^/]{1,64})(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const bytes = addressBytes(text);
  const normal = normalizeAddress(text);
  if (!bytes || normal === undefined) throw new RangeError(`"${entry}" is no address or network`);
  const width = bytes.length * 8;
  const isShortened = width === 128 && familyOf(normal) === 'ipv4';
  const prefix = bits === undefined ? width : Number(bits);
  const kept = isShortened ? prefix - 96 : prefix;
  if (prefix > width || kept < 0) throw new RangeError(`"${entry}" is no network`);
  list.addSubnet(normal, kept, familyOf(normal));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
