import { lookup } from 'node:dns/promises';
import { DistreamError, reasonOf } from '../core/errors.ts';

/**
 * The address of a name, IPv4 where it has one; an address is answered as it is.
 * @throws DistreamError UNREACHABLE
 */
export async function resolveHost(host: string): Promise<string> {
  try {
    const addresses = await lookup(host, { all: true });
    const first = addresses.find(({ family }) => family === 4) ?? addresses[0];
    if (first) return first.address;
  } catch (error) {
    throw new DistreamError('UNREACHABLE', { url: host, reason: reasonOf(error) }, { cause: error });
  }
  throw new DistreamError('UNREACHABLE', { url: host, reason: 'the name has no address' });
}
