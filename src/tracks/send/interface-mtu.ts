import { readFile } from 'node:fs/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** A name of an interface is part of a path. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,14}$/;

/**
 * The largest IP packet that the interface with an address takes, in bytes. Undefined where the system does not tell:
 * only Linux has it in a file.
 * @param interfaces this machine's
 * @param read gives the text of a file
 */
export async function interfaceMtu(
  address: string,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
  read: (path: string) => Promise<string> = (path) => readFile(path, 'utf8'),
): Promise<number | undefined> {
  const found = Object.entries(interfaces).find(([, list]) => list?.some((info) => info.address === address));
  // A second address of an interface is listed as `eth0:1`.
  const name = found?.[0].split(':')[0];
  if (name === undefined || !NAME.test(name)) return undefined;
  try {
    const mtu = Number(await read(`/sys/class/net/${name}/mtu`));
    return Number.isInteger(mtu) && mtu > 0 ? mtu : undefined;
  } catch {
    return undefined;
  }
}
