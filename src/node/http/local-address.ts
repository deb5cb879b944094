import { classifyAddress } from '../../net/egress.ts';

/** True for this machine and for networks that are not reached from the internet. */
export function isLocalAddress(address: string): boolean {
  const kind = classifyAddress(address);
  return kind === 'loopback' || kind === 'private' || kind === 'link-local';
}

/** True for this machine. */
export function isLoopbackAddress(address: string): boolean {
  return classifyAddress(address) === 'loopback';
}
