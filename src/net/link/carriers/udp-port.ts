import { DistreamError } from '../../../core/errors.ts';
import type { ListenAddress } from '../../../modules/network.ts';
import type { DatagramPort } from '../carrier.ts';

/** A UDP port that counts what it could not send. */
export interface UdpPort extends DatagramPort {
  /** Datagrams that the system did not take: no route, an address that is gone, too large, a full queue. */
  readonly unsentCount: number;
  /** Why the last of them was not sent, in words; undefined: all were. */
  readonly lastSendError: string | undefined;
}

/**
 * Opens a UDP socket; port 0 takes any free one, `::` takes IPv4 and IPv6. Rejects with PORT_IN_USE, PORT_FORBIDDEN or
 * ADDRESS_UNAVAILABLE. The port is the caller's to close.
 */
export function openDatagramPort(_address: ListenAddress): Promise<UdpPort> {
  return Promise.reject(new DistreamError('INTERNAL', { reason: 'carriers are not there' }));
}
