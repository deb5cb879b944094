/**
 * Who may be told to connect to whom. A coordinator that introduced anybody to any address could be used against third
 * parties, so only addresses from which a peer has really connected are ever told.
 * @module
 */
import { type AddressClass, classifyAddress } from '../../net/egress.ts';

/** Where a peer is, as its own connection shows. */
export interface Whereabouts {
  /** The address that the connection comes from, normalised. */
  readonly address: string;
  /** The address of the coordinator's machine that the peer reached. */
  readonly reachedAt: string;
  /** Where it says that it listens; 0: nowhere. */
  readonly listenPort: number;
  /** It is a part of this program. */
  readonly isInside: boolean;
}

const LOWEST_PORT = 1024;

/** Services that would take harm, or carry it on, when many peers connected to them. */
const SERVICE_PORTS: ReadonlySet<number> = new Set([
  1080, 1433, 1521, 1723, 1883, 2049, 2375, 2376, 3128, 3306, 3389, 5060, 5222, 5432, 5672, 5900, 5984, 6000, 6379,
  6443, 6667, 9042, 9100, 9200, 9300, 11_211, 27_017,
]);

/** Networks of which the same addresses are in use at many places. */
const LOCAL: ReadonlySet<AddressClass> = new Set([
  'private',
  'link-local',
  'carrier-grade NAT',
  'benchmark',
  'documentation',
]);

/** True for a port to which peers may be sent. */
export function isPortForPeers(port: number): boolean {
  return port >= LOWEST_PORT && port <= 65_535 && !SERVICE_PORTS.has(port);
}

/**
 * The address at which `taker` finds `giver`; undefined when they may not be introduced. A giver on the coordinator's
 * own machine is found where the taker found the coordinator.
 */
export function meetingAddress(giver: Whereabouts, taker: Whereabouts): string | undefined {
  if (!isPortForPeers(giver.listenPort)) return undefined;
  const kind = classifyAddress(giver.address);
  if (giver.isInside || kind === 'loopback') return taker.reachedAt;
  if (kind === 'public') return giver.address;
  const takerKind = classifyAddress(taker.address);
  return LOCAL.has(kind) && (LOCAL.has(takerKind) || takerKind === 'loopback') ? giver.address : undefined;
}

/**
 * True when a caller at `address` can be the peer that was introduced. Machines with IPv4 and IPv6 come from either; on
 * the coordinator's own machine each of its addresses may show.
 */
export function canBe({ address }: Whereabouts, caller: string): boolean {
  const kind = classifyAddress(address);
  if (caller === address || kind === 'loopback') return true;
  if (caller.includes(':') !== address.includes(':')) return true;
  return LOCAL.has(classifyAddress(caller)) && kind === 'public';
}
