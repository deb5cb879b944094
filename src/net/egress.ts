/**
 * Which addresses may be dialled. The one choke point for every connection that leaves the node: addresses are
 * judged as numbers after they were resolved, so no way of writing one goes around it.
 * @module
 */
import { isIP } from 'node:net';

/** What kind of place an address is (IANA special-purpose address registries). */
export type AddressClass =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'carrier-grade NAT'
  | 'documentation'
  | 'benchmark'
  | 'multicast'
  | 'broadcast'
  | 'unspecified'
  | 'reserved'
  | 'own';

/** The first bits of an address: a network. */
type Prefix = readonly [bytes: readonly number[], bits: number, kind: AddressClass];

/** RFC 6890 and the IANA IPv4 registry; the first that fits counts. */
const IPV4: readonly Prefix[] = [
  [[0], 8, 'unspecified'],
  [[10], 8, 'private'],
  [[100, 64], 10, 'carrier-grade NAT'],
  [[127], 8, 'loopback'],
  [[169, 254], 16, 'link-local'],
  [[172, 16], 12, 'private'],
  [[192, 0, 0], 24, 'reserved'],
  [[192, 0, 2], 24, 'documentation'],
  [[192, 88, 99], 24, 'reserved'],
  [[192, 168], 16, 'private'],
  [[198, 18], 15, 'benchmark'],
  [[198, 51, 100], 24, 'documentation'],
  [[203, 0, 113], 24, 'documentation'],
  [[224], 4, 'multicast'],
  [[255, 255, 255, 255], 32, 'broadcast'],
  [[240], 4, 'reserved'],
];

/** The IANA IPv6 registry; what is not listed and not in 2000::/3 is reserved. */
const IPV6: readonly Prefix[] = [
  [new Array<number>(16).fill(0), 128, 'unspecified'],
  [[...new Array<number>(15).fill(0), 1], 128, 'loopback'],
  [[0x00, 0x64, 0xff, 0x9b, 0, 1], 48, 'private'], // NAT64 for local use
  [[0xfc], 7, 'private'],
  [[0xfe, 0x80], 10, 'link-local'],
  [[0xfe, 0xc0], 10, 'private'], // site-local, deprecated
  [[0xff], 8, 'multicast'],
  [[0x20, 0x01, 0x0d, 0xb8], 32, 'documentation'],
  [[0x3f, 0xff, 0], 20, 'documentation'],
  [[0x20, 0x01, 0, 2, 0, 0], 48, 'benchmark'],
  [[0x20, 0x01, 0], 23, 'reserved'], // Teredo, ORCHID and other protocol assignments
  [[0x20], 3, 'public'],
];

/** IPv6 networks that carry an IPv4 address, and where it stands in them. */
const IPV4_INSIDE: readonly (readonly [bytes: readonly number[], bits: number, offset: number])[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96, 12], // mapped (RFC 4291)
  [[0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], 96, 12], // translated (RFC 2765)
  [[0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96, 12], // NAT64 (RFC 6052)
  [[0x20, 0x02], 16, 2], // 6to4 (RFC 3056)
  [new Array<number>(12).fill(0), 96, 12], // compatible, deprecated (RFC 4291)
];

/** The bytes of an address, 4 or 16, in network order; a zone is left out. Undefined when `address` is none. */
export function addressBytes(address: string): readonly number[] | undefined {
  const plain = address.replace(/%.*$/s, '');
  const version = isIP(plain);
  if (version === 4) return plain.split('.').map(Number);
  if (version === 6) return ipv6Bytes(plain);
  return undefined;
}

function ipv6Bytes(address: string): number[] {
  const [start = '', end] = address.split('::');
  const head = groupBytes(start);
  if (end === undefined) return head;
  const tail = groupBytes(end);
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function groupBytes(groups: string): number[] {
  if (groups === '') return [];
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function isWithin(address: readonly number[], prefix: readonly number[], bits: number): boolean {
  for (let index = 0; index * 8 < bits; index++) {
    const mask = bits - index * 8 >= 8 ? 0xff : 0xff << (8 - (bits % 8));
    if (((address[index]! ^ (prefix[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** What kind of place `address` is; an IPv4 address inside an IPv6 one counts as itself. What is no address is reserved. */
export function classifyAddress(address: string): AddressClass {
  const bytes = addressBytes(address);
  return bytes ? classify(bytes) : 'reserved';
}

function classify(bytes: readonly number[]): AddressClass {
  if (bytes.length === 4) return kindIn(IPV4, bytes) ?? 'public';
  const exact = IPV6.slice(0, 2).find(([prefix, bits]) => isWithin(bytes, prefix, bits));
  if (exact) return exact[2];
  const carrier = IPV4_INSIDE.find(([prefix, bits]) => isWithin(bytes, prefix, bits));
  if (carrier) return classify(bytes.slice(carrier[2], carrier[2] + 4));
  return kindIn(IPV6, bytes) ?? 'reserved';
}

function kindIn(table: readonly Prefix[], bytes: readonly number[]): AddressClass | undefined {
  return table.find(([prefix, bits]) => isWithin(bytes, prefix, bits))?.[2];
}

/** Kinds at which nothing can be heard, whoever wrote the address. */
const NEVER: ReadonlySet<AddressClass> = new Set(['multicast', 'broadcast', 'unspecified']);

/** What an egress policy knows. */
export interface EgressOptions {
  /** Addresses that are always allowed (`egress.allow`). */
  readonly allow: { has(address: string): boolean };
  /** The machine's own addresses: only the operator may lead the node to itself. */
  readonly own: () => readonly string[];
}

/** Says why an address may not be dialled. */
export interface EgressPolicy {
  /**
   * The kind of place that is not allowed, or undefined when `address` may be dialled.
   * @param trusted the operator wrote the target; otherwise a redirect or playlist named it, and it must be public
   */
  refusal(address: string, trusted: boolean): AddressClass | undefined;
}

/** Makes the policy: what the operator wrote may be anywhere, what a peer names must be public or in the list. */
export function createEgressPolicy(options: EgressOptions): EgressPolicy {
  return {
    refusal(address, trusted) {
      if (options.allow.has(address)) return undefined;
      const kind = classifyAddress(address);
      if (trusted) return NEVER.has(kind) ? kind : undefined;
      if (kind !== 'public') return kind;
      return isOneOf(address, options.own()) ? 'own' : undefined;
    },
  };
}

function isOneOf(address: string, list: readonly string[]): boolean {
  const wanted = canonical(address);
  return list.some((each) => canonical(each) === wanted);
}

/** One text for all ways of writing an address, an IPv4 address inside an IPv6 one included. */
function canonical(address: string): string {
  const bytes = addressBytes(address) ?? [];
  const carrier = bytes.length === 16 ? IPV4_INSIDE.find(([prefix, bits]) => isWithin(bytes, prefix, bits)) : undefined;
  return (carrier ? bytes.slice(carrier[2], carrier[2] + 4) : bytes).join('.');
}
