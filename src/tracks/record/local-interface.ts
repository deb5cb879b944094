import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { addressBytes } from '../../protocols/sdp/ip-address.ts';

/**
 * Our address on the network that a sender is on, by its own address: a group that it sends to is joined there. Undefined
 * when no interface is on that network, so that the system's route decides.
 * @param interfaces this machine's
 */
export function localAddressFor(
  sender: string | undefined,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string | undefined {
  const address = sender === undefined ? undefined : addressBytes(sender);
  if (address?.length !== 4) return undefined;
  for (const info of Object.values(interfaces).flatMap((list) => list ?? [])) {
    const own = addressBytes(info.address);
    const mask = addressBytes(info.netmask);
    if (own?.length !== 4 || mask?.length !== 4) continue;
    if (own.every((byte, index) => (byte & mask[index]!) === (address[index]! & mask[index]!))) return info.address;
  }
  return undefined;
}
