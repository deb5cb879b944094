import { createSocket, type Socket } from 'node:dgram';
import { DistreamError, reasonOf } from '../../core/errors.ts';
import type { PaceDestination } from '../pace/flow-socket.ts';

/**
 * Opens a socket for the RTCP of flows to destinations like this one, at any free port.
 * @throws DistreamError ADDRESS_UNAVAILABLE
 */
export async function openRtcpSocket({ address, localAddress, multicast }: PaceDestination): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(new DistreamError('ADDRESS_UNAVAILABLE', { host: localAddress ?? reasonOf(error) }, { cause: error }));
    });
    socket.bind(localAddress === undefined ? { port: 0 } : { port: 0, address: localAddress }, resolve);
  });
  socket.removeAllListeners('error');
  socket.on('error', () => {});
  if (multicast) {
    if (localAddress !== undefined) socket.setMulticastInterface(localAddress);
    socket.setMulticastTTL(multicast.ttl);
  }
  return socket;
}
