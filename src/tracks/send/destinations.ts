import { createSocket } from 'node:dgram';
import { hostname } from 'node:os';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import { messageIdOf } from '../../protocols/sap/packet.ts';
import { addressBytes, addressKind, addressText } from '../../protocols/sdp/ip-address.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';

/** A network that gets the flows. */
export interface SendNetwork {
  /** Of a host or a multicast group; see `resolveHost`. */
  readonly address: string;
  /** The address of the interface to send from; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
}

/** Where flows go. */
export interface DestinationOptions extends SendNetwork {
  readonly port: number;
  readonly ttl: number;
}

/**
 * A destination for each flow: multicast gives each flow a group of its own, from `address` upwards, at one port;
 * a host gets them at ports of their own, the even ones from `port` upwards, with RTCP between them (RFC 3550 11).
 * @throws DistreamError USAGE when groups or ports do not suffice
 */
export function flowDestinations(flows: number, options: DestinationOptions): PaceDestination[] {
  const { address, port, ttl, localAddress } = options;
  const isMulticast = addressKind(address) === 'multicast';
  return Array.from({ length: flows }, (_, flow) => {
    if (isMulticast)
      return { address: groupAfter(address, flow), port, localAddress, multicast: { ttl, loopback: true } };
    const own = port + 2 * flow;
    if (own > 65_534) throw new DistreamError('USAGE', { reason: `${flows} flows do not fit above port ${port}` });
    return { address, port: own, localAddress };
  });
}

/**
 * Where duplicates and parity of a flow go: its group at the next even port, or, with a host, as many ports above as
 * the flows take.
 * @throws DistreamError USAGE when the ports do not suffice
 */
export function redundancyDestination(destination: PaceDestination, flows: number): PaceDestination {
  const port = destination.port + (destination.multicast ? 2 : 2 * flows);
  if (port > 65_534) throw new DistreamError('USAGE', { reason: `no port is left above ${destination.port}` });
  return { ...destination, port };
}

function groupAfter(address: string, count: number): string {
  const bytes = Buffer.from(addressBytes(address)!);
  let carry = count;
  for (let index = bytes.length - 1; carry > 0 && index >= 0; index--) {
    const sum = bytes[index]! + carry;
    bytes[index] = sum & 0xff;
    carry = sum >> 8;
  }
  const group = addressText(bytes);
  if (addressKind(group) !== 'multicast') {
    throw new DistreamError('USAGE', { reason: `there are too few multicast groups above ${address}` });
  }
  return group;
}

/** The first group of this machine when none is named: in the range where AES67 and Dante devices look, 239.69.0.0/16. */
export function ownGroup(name: string = hostname()): string {
  return `239.69.${1 + (messageIdOf(name) % 254)}.1`;
}

/**
 * Our address as the destination will see it.
 * @throws DistreamError UNREACHABLE or MULTICAST_UNAVAILABLE when there is no route, ADDRESS_UNAVAILABLE when `localAddress` is not ours
 */
export function localAddressTowards(address: string, localAddress?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const fail = (error: unknown) => {
      socket.close();
      reject(noRoute(address, localAddress, error));
    };
    socket.once('error', fail);
    const connect = () => {
      const onConnect = ((error?: Error) => {
        if (error) return fail(error);
        const own = socket.address().address;
        socket.close();
        resolve(own);
      }) as () => void;
      try {
        if (localAddress !== undefined && addressKind(address) === 'multicast')
          socket.setMulticastInterface(localAddress);
        socket.connect(9, address, onConnect);
      } catch (error) {
        fail(error);
      }
    };
    socket.bind(localAddress === undefined ? {} : { address: localAddress }, connect);
  });
}

function noRoute(address: string, localAddress: string | undefined, error: unknown): DistreamError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRNOTAVAIL' && localAddress !== undefined) {
    return new DistreamError('ADDRESS_UNAVAILABLE', { host: localAddress }, { cause: error });
  }
  if (addressKind(address) === 'multicast') {
    return new DistreamError(
      'MULTICAST_UNAVAILABLE',
      { address, reason: 'this machine has no route for it' },
      { cause: error },
    );
  }
  return new DistreamError('UNREACHABLE', { url: `udp://${address}`, reason: reasonOf(error) }, { cause: error });
}
